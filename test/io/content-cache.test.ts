import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentCacheBytes, openContentCache } from "../../src/io/content-cache.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-cache-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const key = (n: number): string => n.toString(16).padStart(16, "0");
const noise = (length: number, seed: number): Uint8Array => {
  let state = seed + 1;
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 255);
};

test("what was written is read, by another opening of the folder too", async () => {
  await openContentCache(folder, { maxBytes: 1e6 }).write(key(1), noise(1000, 1));
  expect(await openContentCache(folder, { maxBytes: 1e6 }).read(key(1))).toEqual(Buffer.from(noise(1000, 1)));
  expect(await openContentCache(folder, { maxBytes: 1e6 }).read(key(2))).toBeUndefined();
});

test("an empty entry is an entry", async () => {
  const cache = openContentCache(folder, { maxBytes: 1e6 });
  await cache.write(key(1), new Uint8Array());
  expect((await cache.read(key(1)))?.length).toBe(0);
});

test("an entry with one byte changed, or cut short anywhere, counts as absent and goes", async () => {
  const cache = openContentCache(folder, { maxBytes: 1e6 });
  await cache.write(key(1), noise(300, 5));
  const path = join(folder, "00", `${key(1)}.bin`);
  const whole = await readFile(path);
  for (const at of [0, 40, whole.length - 12, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0x55;
    await writeFile(path, changed);
    expect(await cache.read(key(1))).toBeUndefined();
    expect(await readdir(join(folder, "00"))).toEqual([]);
    await writeFile(path, whole.subarray(0, at));
    expect(await cache.read(key(1))).toBeUndefined();
  }
});

test("beyond its size the entries that were not used for longest go", async () => {
  const cache = openContentCache(folder, { maxBytes: 20_000 });
  for (let i = 0; i < 30; i++) await cache.write(key(i), noise(2000, i));
  await openContentCache(folder, { maxBytes: 20_000 }).write(key(99), noise(2000, 99));
  expect(await contentCacheBytes(folder)).toBeLessThanOrEqual(20_000);
  expect(await cache.read(key(99))).toBeDefined();
});

test("a key that is no digest never becomes a path", async () => {
  const cache = openContentCache(folder, { maxBytes: 1e6 });
  await expect(cache.read("../../etc/passwd")).rejects.toThrow("no digest");
});
