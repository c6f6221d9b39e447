import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import { openMcap } from "../../../src/io/mcap/reader.ts";
import { recoverMcap } from "../../../src/io/mcap/recover.ts";
import { chunkSpans, contentOf, writeSmall } from "./support.ts";

let folder = "";
let whole: Buffer = Buffer.alloc(0);
const path = (): string => join(folder, "mutated.mcap");
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-mutation-"));
  await writeSmall(path());
  whole = await readFile(path());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One to four changes: a byte, a bit, a cut, a stretch doubled or removed, a length replaced by a hostile one. */
function mutate(rng: Rng): Buffer {
  let bytes = Buffer.from(whole);
  for (let n = 1 + rng.integer(4); n > 0 && bytes.length > 16; n--) {
    const at = rng.integer(bytes.length - 8),
      other = rng.integer(bytes.length);
    const [from, to] = at < other ? [at, other] : [other, at];
    const changes = [
      () => (bytes[at] = rng.integer(256)),
      () => (bytes[at]! ^= 1 << rng.integer(8)),
      () => bytes.writeBigUInt64LE([2n ** 64n - 1n, 2n ** 63n, 2n ** 32n, 2n ** 40n, 0n, 1n][rng.integer(6)]!, at),
      () => bytes.writeUInt32LE([0xffffffff, 0x80000000, 0, 1][rng.integer(4)]!, at),
      () => (bytes = bytes.subarray(0, at)),
      () => (bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])),
      () => (bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])),
    ];
    changes[rng.integer(changes.length)]!();
  }
  return bytes;
}

test("5,000 mutated recordings are read as they were or refused; 1,000 are recovered or refused", async () => {
  await writeFile(path(), whole);
  const recording = await openMcap(path());
  const original = (await contentOf(recording)) as { devices: unknown };
  await recording.close();
  let recovered = 0;
  for (let i = 0; i < 5000; i++) {
    await writeFile(path(), mutate(createRng(`mcap/mutation/${i}`)));
    try {
      const mutated = await openMcap(path());
      const content = await contentOf(mutated).finally(() => mutated.close());
      // With 32-bit checksums, a few thousand tries never pass a wrong sample.
      expect((content as { devices: unknown }).devices, `mutation ${i}`).toEqual(original.devices);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    if (i % 5 !== 0) continue;
    try {
      const out = join(folder, "out.mcap");
      await recoverMcap(path(), out);
      await (await openMcap(out)).close();
      recovered++;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  expect(recovered).toBeGreaterThan(500);
});

test("4,000 hostile recordings whose checksums hold are read or refused", async () => {
  await writeFile(path(), whole);
  const spans = chunkSpans(whole);
  const summary = Number(whole.readBigUInt64LE(whole.length - 28));
  let read = 0;
  for (let i = 0; i < 4000; i++) {
    const rng = createRng(`mcap/hostile/${i}`);
    const bytes = Buffer.from(whole);
    for (let n = 1 + rng.integer(3); n > 0; n--) {
      // The index and the chunks' own headers as often as the messages, which are most of the file.
      const { start, end } = spans[rng.integer(spans.length)]!;
      const [from, to] = [[summary, bytes.length - 37] as const, [start + 49, start + 200] as const, [start, end] as const][rng.integer(3)]!; // prettier-ignore
      const at = from + rng.integer(to - from - 8);
      const changes = [
        () => (bytes[at] = rng.integer(256)),
        () => (bytes[at]! ^= 1 << rng.integer(8)),
        () => bytes.writeBigUInt64LE([2n ** 64n - 1n, 2n ** 63n, 2n ** 32n, 2n ** 40n, 0n, 1n][rng.integer(6)]!, at),
        () => bytes.writeUInt32LE([0xffffffff, 0x80000000, 0, 1][rng.integer(4)]!, at),
      ];
      changes[rng.integer(changes.length)]!();
    }
    for (const { start, end } of spans) bytes.writeUInt32LE(crc32(bytes.subarray(start + 49, end)), start + 33);
    bytes.writeUInt32LE(crc32(bytes.subarray(summary, bytes.length - 12)), bytes.length - 12);
    await writeFile(path(), bytes);
    try {
      const mutated = await openMcap(path());
      await contentOf(mutated).finally(() => mutated.close());
      read++;
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`hostile ${i}`, { cause: error });
    }
    if (i % 10 !== 0) continue;
    try {
      const out = join(folder, "out.mcap");
      await recoverMcap(path(), out);
      await (await openMcap(out)).close();
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`hostile ${i}, recovered`, { cause: error });
    }
  }
  expect(read).toBeGreaterThan(300); // or the changes do not get past the checksums
});
