import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import { userSegmentation } from "../../src/scenario/user-segmentation.ts";

const WIDTH = 40,
  HEIGHT = 60,
  ROW = 33;
const workers = createWorkerPool(2);
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-module-"))));
afterAll(async () => {
  await workers.close();
  await rm(folder, { recursive: true, force: true });
});

/** Three frames with a bright row, 0.5 mm a pixel. */
const frames: TrackedFrames = {
  count: 3,
  width: WIDTH,
  height: HEIGHT,
  sourceIndex: Uint32Array.of(0, 1, 2),
  timeS: Float64Array.of(0, 1, 2),
  referenceFromPixel: Float64Array.from({ length: 36 }, (_, i) => (i % 12 === 0 || i % 12 === 5 ? 0.5 : 0)),
  dropped: {},
  read: async (frame) => ({
    width: WIDTH,
    height: HEIGHT,
    pixels: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (Math.floor(i / WIDTH) === ROW + frame ? 200 : 30)),
  }),
};
const context = { rng: createRng("m"), log: silentLog, workers };

async function run(source: string, timeoutS = 20) {
  const file = join(folder, `m${Math.abs(source.length * 7919 + source.charCodeAt(50))}-${source.length}.mjs`);
  await writeFile(file, source);
  return userSegmentation({ file, options: { shift: 2 }, timeoutS }, frames, context);
}

test("the example finds the bright row of every frame, and each answer goes to its own frame", async () => {
  const file = resolve(import.meta.dirname, "../../examples/my-segmentation/brightest-row.mjs");
  const { masks } = await userSegmentation({ file, options: {}, timeoutS: 20 }, frames, context);
  expect(masks.map(({ ridgeRowPx }) => ridgeRowPx[5])).toEqual([ROW, ROW + 1, ROW + 2]);
  expect(masks[1]!.probability[(ROW + 1) * WIDTH + 5]).toBe(255);
});

test("options, confidence and deviation are passed on; a column that is not sure shows no bone", async () => {
  const { masks } = await run(`export const segment = ({ width }, { shift }) => ({
    ridgeRowPx: Array.from({ length: width }, () => 10 + shift),
    confidence: Array.from({ length: width }, (_, i) => (i === 3 ? 0 : 0.5)),
    sdPx: new Float64Array(width).fill(0.25) })`);
  const { ridgeRowPx, ridgeConfidence, ridgeSdPx } = masks[0]!;
  expect([ridgeRowPx[0], ridgeConfidence[0], ridgeSdPx[0]]).toEqual([12, 0.5, 0.25]);
  expect([ridgeRowPx[3], ridgeConfidence[3], ridgeSdPx[3]]).toEqual([NaN, 0, NaN]);
});

test.each([
  ["throws", "export const segment = () => { throw new Error('no idea') }", /no idea/],
  ["exports nothing", "export const other = 1", /exports no function called segment/],
  ["is no program", "this is no JavaScript", /segmentation module/],
  ["answers nothing", "export const segment = () => undefined", /answered undefined/],
  [
    "answers too few columns",
    "export const segment = () => ({ ridgeRowPx: [1, 2] })",
    /ridgeRowPx has 2 entries, expected one for each of 40/,
  ],
  [
    "answers rows outside",
    "export const segment = ({ width }) => ({ ridgeRowPx: Array(width).fill(60) })",
    /ridgeRowPx\[0\] is 60/,
  ],
  [
    "answers infinity",
    "export const segment = ({ width }) => ({ ridgeRowPx: Array(width).fill(Infinity) })",
    /Infinity/,
  ],
  [
    "answers text",
    "export const segment = ({ width }) => ({ ridgeRowPx: Array(width).fill('12') })",
    /something else than numbers/,
  ],
  [
    "is too sure",
    "export const segment = ({ width }) => ({ ridgeRowPx: Array(width).fill(9), confidence: Array(width).fill(7) })",
    /confidence\[0\] is 7/,
  ],
  ["ends its thread", "export const segment = () => process.exit(0)", /ended with code|process\.exit/],
])("a module that %s fails with its reason", async (_, source, reason) => {
  await expect(run(source)).rejects.toThrow(reason);
});

test("a module that hangs is ended, and the next one runs on the same workers", async () => {
  await expect(run("export const segment = () => { for (;;); }", 0.5)).rejects.toThrow("did not answer within 0.5 s");
  const { masks } = await run(
    "export const segment = ({ width }) => ({ ridgeRowPx: new Float32Array(width).fill(7) })",
  );
  expect(masks[2]!.ridgeRowPx[0]).toBe(7);
});
