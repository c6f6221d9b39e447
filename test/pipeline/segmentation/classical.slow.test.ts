import { afterAll, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import type { GrayImage } from "../../../src/data/image.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import { classicalSegmentation } from "../../../src/pipeline/segmentation/classical.ts";
import { pixelSizeMm } from "../../../src/pipeline/segmentation/segment-all.ts";
import { drawFrame } from "./draw-frame.ts";

const pixelMm = 0.12;
const images: GrayImage[] = Array.from({ length: 5 }, (_, i) =>
  drawFrame(
    { width: 240, height: 320, pixelMm, marginPx: 10, bone: (x) => 12 + i + 0.02 * (x - 14) ** 2 },
    createRng(`frame ${i}`),
  ),
);

/** Frames 1 mm apart along z. */
const frames: TrackedFrames = {
  count: images.length,
  width: 240,
  height: 320,
  sourceIndex: Uint32Array.from(images.keys()),
  timeS: Float64Array.from(images.keys()),
  referenceFromPixel: Float64Array.from(
    images.flatMap((_, i) => [0, pixelMm, 0, 5, pixelMm, 0, 0, 6, 0, 0, -pixelMm, i]),
  ),
  dropped: {},
  read: async (i) => images[i]!,
};

const one = createWorkerPool(1), two = createWorkerPool(2); // prettier-ignore
afterAll(async () => {
  await one.close();
  await two.close();
});

test("masks come one a frame, in order, and the same for one worker and for two", async () => {
  const context = { log: silentLog, rng: createRng("unused") };
  const a = await classicalSegmentation.run(frames, classicalSegmentation.defaults, { ...context, workers: one });
  const b = await classicalSegmentation.run(frames, classicalSegmentation.defaults, { ...context, workers: two });
  expect(a).toEqual(b);
  expect(a.masks.map(({ ridgeRowPx }) => Math.round(ridgeRowPx[117]! * pixelMm))).toEqual([12, 13, 14, 15, 16]);
});

test("the stage leaves the pixels that it read as they were", async () => {
  const before = images.map(({ pixels }) => pixels.slice());
  const context = { log: silentLog, rng: createRng("unused"), workers: one };
  await classicalSegmentation.run(frames, classicalSegmentation.defaults, context);
  expect(images.map(({ pixels }) => pixels)).toEqual(before);
});

test("pixel sizes are the lengths of the matrix's columns, however the image lies in space", () => {
  expect(pixelSizeMm(Float64Array.of(0, 0.2, 0, 9, 0.06, 0, 0, 9, 0.08, 0, 0, 9))).toEqual([0.1, 0.2]);
});
