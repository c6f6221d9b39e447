import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import type { SweepImages } from "../../src/pipeline/pose/sweep-images.ts";
import { userMotion } from "../../src/scenario/user-pose.ts";

const WIDTH = 16,
  HEIGHT = 12,
  COUNT = 4,
  PIXEL_MM = 0.5;
const workers = createWorkerPool(1);
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-pose-module-"))));
afterAll(async () => {
  await workers.close();
  await rm(folder, { recursive: true, force: true });
});

/** One bright pixel, which goes one column to the left from image to image; 10 images a second. */
const sweep: SweepImages = {
  name: "stroke",
  count: COUNT,
  geometry: { width: WIDTH, height: HEIGHT, spacingMm: [PIXEL_MM, PIXEL_MM], faceCentrePx: [7.5, 0] },
  timeS: Float64Array.from({ length: COUNT }, (_, i) => 3 + i / 10),
  read: async (frame) => {
    const pixels = new Uint8Array(WIDTH * HEIGHT);
    pixels[5 * WIDTH + 10 - frame] = 255;
    return { width: WIDTH, height: HEIGHT, pixels };
  },
};
const context = { rng: createRng("m"), log: silentLog, workers };

let modules = 0;
async function run(source: string, timeoutS = 20) {
  const file = join(folder, `pose-${modules++}.mjs`);
  await writeFile(file, source);
  return userMotion({ file, options: { step: 2 }, timeoutS })(sweep, context);
}
const still = "Array.from({ length: count }, () => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]).flat()";

test("the example follows the bright spot, and takes the rest from the clock", async () => {
  const file = resolve(import.meta.dirname, "../../examples/my-pose/follow-the-bright.mjs");
  const { firstFromImage } = await userMotion({ file, options: { speedMmPerS: 20 }, timeoutS: 20 })(sweep, context);
  expect(firstFromImage[12 * 3 + 3]).toBeCloseTo(3 * PIXEL_MM, 6);
  expect(firstFromImage[12 * 3 + 7]).toBeCloseTo(0, 6);
  expect(firstFromImage[12 * 3 + 11]).toBeCloseTo(20 * 0.3, 6);
});

test("a module is handed the images, their pixels' size and their times: no pose, no truth, no name of a file", async () => {
  await expect(
    run(
      "export const recover = (sweep, options) => { throw new Error(Object.keys(sweep).sort() + JSON.stringify(options)) }",
    ),
  ).rejects.toThrow('count,faceCentrePx,height,pixelMm,pixels,timeS,width{"step":2}');
});

test.each([
  ["throws", "export const recover = () => { throw new Error('no idea') }", /pose module .*no idea/],
  ["exports nothing", "export const other = 1", /exports no function called recover/],
  ["is no program", "this is no JavaScript", /pose module/],
  [
    "answers nothing",
    "export const recover = () => undefined",
    /has undefined numbers, expected 12 for each of 4 images/,
  ],
  ["answers too few", "export const recover = () => ({ firstFromImage: [1, 2, 3] })", /has 3 numbers/],
  [
    "answers NaN",
    `export const recover = ({ count }) => { const a = ${still}; a[17] = NaN; return { firstFromImage: a } }`,
    /image 1 holds NaN/,
  ],
  [
    "answers a mirror",
    `export const recover = ({ count }) => { const a = ${still}; a[24] = -1; return { firstFromImage: a } }`,
    /3×3 part of image 2 is no rotation/,
  ],
  [
    "starts elsewhere",
    `export const recover = ({ count }) => { const a = ${still}; a[3] = 1; return { firstFromImage: a } }`,
    /first image is not the identity/,
  ],
  ["ends its thread", "export const recover = () => process.exit(0)", /ended with code|process\.exit/],
])("a module that %s fails with its reason", async (_, source, reason) => {
  await expect(run(source)).rejects.toThrow(reason);
});

test("a module that hangs is ended, and the next one runs on the same workers", async () => {
  await expect(run("export const recover = () => { for (;;); }", 0.5)).rejects.toThrow("did not answer within 0.5 s");
  const { firstFromImage } = await run(`export const recover = ({ count }) => ({ firstFromImage: ${still} })`);
  expect([...firstFromImage.subarray(36)]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
});
