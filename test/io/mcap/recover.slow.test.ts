import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { NativeRecording } from "../../../src/io/mcap/devices.ts";
import { openMcap } from "../../../src/io/mcap/reader.ts";
import { recoverMcap } from "../../../src/io/mcap/recover.ts";
import { type ChunkSpan, chunkSpans, contentOf, writeSmall } from "./support.ts";

let folder = "";
let whole: Buffer = Buffer.alloc(0);
let spans: ChunkSpan[] = [];
let original = "";
const damagedPath = (): string => join(folder, "damaged.mcap");
const outPath = (): string => join(folder, "recovered.mcap");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-recover-"));
  const path = join(folder, "small.mcap");
  await writeSmall(path);
  whole = await readFile(path);
  spans = chunkSpans(whole);
  original = await opened(path, samplesOf).then((samples) => samples.join());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function opened<T>(path: string, use: (recording: NativeRecording) => Promise<T>): Promise<T> {
  const recording = await openMcap(path);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

/** Each sample, point and sweep as a line. */
async function samplesOf(recording: NativeRecording): Promise<string[]> {
  const lines = [...recording.points, ...recording.sweeps].map((annotation) => `${JSON.stringify(annotation)}\n`);
  for (const device of recording.devices) {
    for await (const { sequence, acquiredAt, value } of device.samples()) {
      const content =
        "pixels" in value ? Buffer.from(value.pixels as Uint8Array).toString("hex") : JSON.stringify(value);
      lines.push(`${device.id} ${sequence} ${acquiredAt} ${content}\n`);
    }
  }
  return lines;
}

/** Recovers `bytes`; every sample of the result must be one of the original's. */
async function recover(bytes: Uint8Array): Promise<Awaited<ReturnType<typeof recoverMcap>>> {
  await writeFile(damagedPath(), bytes);
  const result = await recoverMcap(damagedPath(), outPath());
  const lines = await opened(outPath(), samplesOf);
  expect(lines.length).toBe(result.messages);
  for (const line of lines) expect(original).toContain(line);
  return result;
}

test("recovering a healthy file loses nothing and says that it was healthy", async () => {
  const result = await recover(whole);
  expect(result).toMatchObject({ lostBytes: 0, lost: [], intact: true, chunks: spans.length });
  const path = join(folder, "small.mcap");
  expect(await opened(outPath(), contentOf)).toEqual(await opened(path, contentOf));
});

test("of a cut file every chunk before the cut comes back whole, wherever the cut", async () => {
  const [first] = spans;
  for (let length = 40; length < whole.length; length += 507) {
    const complete = spans.filter(({ end }) => end <= length);
    const expected = complete.reduce((sum, { messages }) => sum + messages, 0);
    if (length < first!.start) continue; // not even the description is there: see below
    const result = await recover(whole.subarray(0, length));
    expect([length, result.messages, result.intact]).toEqual([length, expected, false]);
    const lastEnd = complete.at(-1)?.end ?? first!.start;
    expect(result.lostBytes).toBeLessThanOrEqual(length - lastEnd);
  }
});

test("a flipped bit costs at most the chunk that it lies in", async () => {
  const rng = createRng("recover/flips");
  const total = spans.reduce((sum, { messages }) => sum + messages, 0);
  for (let i = 0; i < 40; i++) {
    const bytes = Buffer.from(whole);
    const at = rng.integer(bytes.length);
    bytes[at]! ^= 1 << rng.integer(8);
    const hit = spans.find(({ start, end }) => at >= start && at < end);
    const result = await recover(bytes);
    expect(result.messages, `byte ${at}`).toBeGreaterThanOrEqual(total - (hit?.messages ?? 0));
  }
});

test("a hole of zeros or a missing stretch costs only the chunks that it touches", async () => {
  const rng = createRng("recover/holes");
  const total = spans.reduce((sum, { messages }) => sum + messages, 0);
  for (let i = 0; i < 40; i++) {
    const from = rng.integer(whole.length),
      to = Math.min(whole.length, from + rng.integer(3000));
    const touched = spans.filter(({ start, end }) => start < to && end > from);
    const lost = touched.reduce((sum, { messages }) => sum + messages, 0);
    const pieces = [
      [whole.subarray(0, from), Buffer.alloc(to - from), whole.subarray(to)],
      [whole.subarray(0, from), whole.subarray(to)],
    ][i % 2]!;
    const bytes = Buffer.concat(pieces);
    if (total === lost) continue;
    const result = await recover(bytes);
    expect(result.messages, `${from}-${to}`).toBeGreaterThanOrEqual(total - lost);
  }
});

test("what was lost is told, in bytes and in the recovered recording's warnings", async () => {
  const bytes = Buffer.from(whole);
  const { start, end } = spans[1]!;
  bytes[start + 100]! ^= 1;
  const result = await recover(bytes);
  expect(result.lost).toMatchObject([{ fromByte: start, reason: "the chunk fails its checksum" }]);
  expect(result.lostBytes).toBeGreaterThanOrEqual(end - start);
  const { warnings, fields, name } = await opened(outPath(), (recording) => Promise.resolve(recording));
  expect(warnings.join()).toMatch(new RegExp(`recovered: \\d+ bytes from byte ${start} were lost: the chunk fails`));
  expect([fields, name]).toEqual([{ a: "b" }, "small"]);
});

test("a lost description is replaced by what the channels repeat of it", async () => {
  const bytes = Buffer.from(whole);
  bytes[bytes.indexOf("sonobench.recording")]! ^= 1;
  await recover(bytes);
  const { warnings, name } = await opened(outPath(), (recording) => Promise.resolve(recording));
  expect(warnings.join()).toContain("description was lost");
  expect(name).toBe("damaged");
});

test("a file made of false chunk headers ends the search in time", async () => {
  // 49 bytes each, every one claiming the rest of the file: trying them all would read 20 MB 400,000 times.
  const bytes = Buffer.alloc(20_000_000);
  for (let at = 0; at + 49 <= bytes.length; at += 49) {
    const records = bytes.length - at - 49;
    bytes[at] = 6;
    bytes.writeBigUInt64LE(BigInt(records + 40), at + 1);
    bytes.writeBigUInt64LE(BigInt(records), at + 9 + 16);
    bytes.writeUInt32LE(1, at + 9 + 24); // no CRC of 0, which would mean "not computed"
    bytes.writeBigUInt64LE(BigInt(records), at + 9 + 32);
  }
  const end = whole.readBigUInt64LE(whole.length - 28);
  const result = await recover(Buffer.concat([whole.subarray(0, Number(end) - 13), bytes]));
  expect(result.lost.at(-1)!.reason).toContain("too many chunks");
  expect(result.chunks).toBe(spans.length);
});

describe("refused", () => {
  test("a file with nothing to recover, leaving no output behind", async () => {
    for (const content of ["", "hello", whole.subarray(0, 30), Buffer.alloc(100_000, 6)]) {
      await writeFile(damagedPath(), content);
      await expect(recoverMcap(damagedPath(), join(folder, "nothing.mcap"))).rejects.toThrow(
        /Nothing can be recovered/,
      );
    }
    expect((await readdir(folder)).filter((name) => name.startsWith("nothing") || name.endsWith(".tmp"))).toEqual([]);
  });

  test("writing over the source", async () => {
    await writeFile(damagedPath(), whole);
    await expect(recoverMcap(damagedPath(), damagedPath())).rejects.toThrow(UnsuitableInputError);
    expect(Buffer.compare(await readFile(damagedPath()), whole)).toBe(0);
  });
});
