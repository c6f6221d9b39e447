import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { multiply3x4 } from "../src/core/rigid.ts";
import type { TrackedFrames } from "../src/data/tracked-frames.ts";
import { type Grid, indexFromMm } from "../src/geometry/grid.ts";

/** Least processor time of a frame, ms, with the same loops in C; undefined, with a word, where nothing compiles them. */
export async function runTwin(
  frames: TrackedFrames,
  grid: Grid,
): Promise<{ nearestMs: number; linearMs: number } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "sonobench-insertion-"));
  const file = (name: string): string => join(folder, name);
  try {
    const source = fileURLToPath(new URL("reconstruction-twin.c", import.meta.url));
    try {
      execFileSync("gcc", ["-O3", "-march=native", "-o", file("twin"), source, "-lm"], { stdio: "pipe" });
    } catch (error) {
      console.log(`no comparison with C: gcc did not compile the twin (${(error as Error).message.split("\n")[0]})`);
      return undefined;
    }
    writeFileSync(file("input"), await inputOf(frames, grid));
    const lines = execFileSync(file("twin"), [file("input")], { encoding: "utf8" })
      .trim()
      .split("\n");
    const [nearestMs, linearMs] = lines.map((line) => Number(line.split(" ")[0]));
    return { nearestMs: nearestMs!, linearMs: linearMs! };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inputOf(frames: TrackedFrames, grid: Grid): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const bytes = (array: Int32Array | Float64Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength); // prettier-ignore
  parts.push(bytes(Int32Array.of(frames.width, frames.height, frames.count, ...grid.shape)));
  for (let f = 0; f < frames.count; f++) {
    parts.push(bytes(multiply3x4(indexFromMm(grid), frames.referenceFromPixel.subarray(f * 12, f * 12 + 12))));
  }
  for (let f = 0; f < frames.count; f++) parts.push((await frames.read(f)).pixels);
  return Buffer.concat(parts);
}

const COPY_BYTES = 64e6;
const COPIES = 12;

/** Bytes read and written a second by copying memory that no cache holds; the best of some. */
export function memoryBandwidth(): number {
  const from = new Uint8Array(COPY_BYTES).fill(1), to = new Uint8Array(COPY_BYTES); // prettier-ignore
  let best = 0;
  for (let i = 0; i < COPIES; i++) {
    const start = process.cpuUsage();
    to.set(from);
    const { user, system } = process.cpuUsage(start);
    best = Math.max(best, (2 * COPY_BYTES) / Math.max(1e-6, (user + system) / 1e6));
  }
  return best;
}
