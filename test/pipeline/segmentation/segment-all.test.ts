import { afterAll, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import type { GrayImage } from "../../../src/data/image.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import { brightestRidge } from "../../../src/pipeline/segmentation/brightest.ts";
import { drawFrame } from "./draw-frame.ts";

const WIDTH = 120, HEIGHT = 160, PIXEL_MM = 0.25; // prettier-ignore
const workers = createWorkerPool(2);
afterAll(() => workers.close());

const boneAt = (depthMm: number): GrayImage =>
  drawFrame(
    { width: WIDTH, height: HEIGHT, pixelMm: PIXEL_MM, marginPx: 0, tissueGray: 40, bone: () => depthMm },
    createRng(String(depthMm)),
  );

function framesOf(images: readonly GrayImage[]): TrackedFrames {
  const m = [PIXEL_MM, 0, 0, 0, 0, PIXEL_MM, 0, 0, 0, 0, 1, 0];
  return {
    count: images.length,
    width: WIDTH,
    height: HEIGHT,
    sourceIndex: Uint32Array.from(images, (_, i) => 10 + i),
    timeS: Float64Array.from(images.keys()),
    referenceFromPixel: Float64Array.from({ length: 12 * images.length }, (_, i) => m[i % 12]!),
    dropped: {},
    read: (frame) => Promise.resolve(images[frame]!),
  };
}

test("each frame's mask stands at the frame's own index, where its pose is, also beside frames that are flagged", async () => {
  const black = { width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT) };
  const white = { ...black, pixels: new Uint8Array(WIDTH * HEIGHT).fill(255) };
  const depthsMm = [12, 20, 15, 18];
  const images = [boneAt(12), black, boneAt(20), white, boneAt(15), black, boneAt(18)];
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (sentence: string) => void warnings.push(sentence) };
  const { masks } = await brightestRidge.run(framesOf(images), brightestRidge.defaults, {
    rng: createRng("all"),
    log,
    workers,
  });
  expect(masks.map(({ flag }) => flag)).toEqual([undefined, "empty", undefined, "saturated", undefined, "empty", undefined]); // prettier-ignore
  const found = masks.filter(({ flag }) => !flag).map(({ ridgeRowPx }) => ridgeRowPx[60]! * PIXEL_MM);
  found.forEach((depth, i) => expect(Math.abs(depth - depthsMm[i]!)).toBeLessThan(0.3));
  expect(warnings).toEqual([expect.stringMatching(/^2 of 7 frames are black/), expect.stringMatching(/^1 of 7 frames is white/)]); // prettier-ignore
});

test("a frame of another size stops the stage and is named by its number in the recording", async () => {
  const small = { width: 60, height: HEIGHT, pixels: new Uint8Array(60 * HEIGHT).fill(40) };
  const context = { rng: createRng("all"), log: silentLog, workers };
  const asked = brightestRidge.run(framesOf([boneAt(12), small]), brightestRidge.defaults, context);
  await expect(asked).rejects.toThrow(/frame 11 has 60x160 pixels and the recording 120x160/);
});
