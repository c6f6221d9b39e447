import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import type { GroundTruth } from "../../src/data/ground-truth.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import { segment } from "../../src/scenario/build.ts";
import { oracleMasks } from "../../src/scenario/oracle.ts";

const WIDTH = 30, HEIGHT = 40; // prettier-ignore

/** Frames 4, 1 and 7 of a recording, 0.25 mm a pixel. */
const frames: TrackedFrames = {
  count: 3,
  width: WIDTH,
  height: HEIGHT,
  sourceIndex: Uint32Array.of(4, 1, 7),
  timeS: Float64Array.of(0, 1, 2),
  referenceFromPixel: Float64Array.from({ length: 36 }, (_, i) => [0.25, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 1, 0][i % 12]!),
  dropped: {},
  read: () => Promise.resolve({ width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT) }),
};
/** In image i the bone lies in row 10 + i, but for the first five columns, which have none. */
const truth = {
  trueRidge: (index: number) => Float32Array.from({ length: WIDTH }, (_, u) => (u < 5 ? NaN : 10 + index)),
} as unknown as GroundTruth;

test("each frame gets the true line of its own image, surely and without spread", () => {
  const { masks } = oracleMasks(frames, truth);
  expect(masks.map(({ ridgeRowPx }) => ridgeRowPx[20])).toEqual([14, 11, 17]);
  expect(masks[0]!.ridgeConfidence[20]).toBe(1);
  expect(masks[0]!.ridgeSdPx[20]).toBe(0);
  expect(masks[0]!.probability[14 * WIDTH + 20]).toBe(255);
});

test("columns without bone have none in the oracle either", () => {
  const [mask] = oracleMasks(frames, truth).masks;
  expect(mask!.ridgeRowPx[2]).toBeNaN();
  expect(mask!.ridgeConfidence[2]).toBe(0);
});

test("a recording without truth refuses the oracle and says what to choose", async () => {
  const workers = createWorkerPool(1);
  const context = { rng: createRng("oracle"), log: silentLog, workers };
  const ask = async () => segment({ kind: "oracle" }, frames, context);
  await expect(ask()).rejects.toThrow(/oracle needs the true bone line.*neural or classical/s);
  await workers.close();
});
