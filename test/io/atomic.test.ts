import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPendingFile, writeFileAtomic } from "../../src/io/atomic.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-atomic-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a pending file has no name until it is committed, and then replaces the old one", async () => {
  const path = join(folder, "a.txt");
  await writeFileAtomic(path, "old");
  const pending = await createPendingFile(path);
  await pending.handle.writeFile("new");
  expect(await readFile(path, "utf8")).toBe("old");
  await pending.commit();
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

test("an aborted file leaves the old one and nothing beside it", async () => {
  const path = join(folder, "a.txt");
  const pending = await createPendingFile(path);
  await pending.handle.writeFile("half");
  await pending.abort();
  await pending.abort();
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

test("of many writers of one name at the same time, one wins whole", async () => {
  const path = join(folder, "race.txt");
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a name that cannot be taken (a folder has it) fails and leaves nothing beside it", async () => {
  await expect(writeFileAtomic(folder, "x")).rejects.toThrow();
  expect((await readdir(join(folder, ".."))).filter((name) => name.includes("sonobench-atomic-") && name.endsWith(".tmp"))).toEqual([]); // prettier-ignore
});
