import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import type { BoneMasks } from "../../src/data/bone-mask.ts";
import type { Recording } from "../../src/data/recording.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import { constantMotion } from "../../src/pipeline/pose/null-models.ts";
import { findBones } from "../../src/pipeline/run.ts";
import { extractSurface } from "../../src/pipeline/surface/extract.ts";
import { trackFrames } from "../../src/pipeline/sync/track-frames.ts";

const COUNT = 5;
const stamps = Float64Array.from({ length: COUNT }, (_, i) => i / 10);
const recording: Recording = {
  name: "no tracker",
  images: {
    width: 20,
    height: 20,
    pixelType: "u8",
    count: COUNT,
    acquiredAtS: stamps,
    receivedAtS: stamps,
    valid: new Uint8Array(COUNT).fill(1),
    read: async () => ({ width: 20, height: 20, pixels: new Uint8Array(400) }),
  },
  poses: [],
  pairing: "by-time",
  points: [],
  sweeps: [],
  warnings: [],
  fields: {},
  close: async () => undefined,
};

const segment = async ({ count, width, height }: TrackedFrames): Promise<BoneMasks> => ({
  masks: Array.from({ length: count }, () => ({
    width,
    height,
    probability: new Uint8Array(width * height),
    ridgeRowPx: new Float32Array(width).fill(NaN),
    ridgeConfidence: new Float32Array(width),
    ridgeSdPx: new Float32Array(width).fill(NaN),
  })),
});
const context = { rng: createRng("untracked"), log: silentLog, workers: createWorkerPool(1) };
const options = {
  sync: { ...trackFrames.defaults, imageName: "Image", referenceName: "Reference" },
  segment,
  surface: extractSurface.defaults,
};
const calibration = { from: "Image", to: "Probe", m: Float64Array.of(0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 1, 0) };

test("a recording that no tracker watched is laid in the frame of its first image by a method that needs none", async () => {
  const recover = constantMotion(20);
  const { frames, measured } = await findBones({ recording, fixed: [calibration] }, { ...options, recover }, context);
  expect(measured).toBeUndefined();
  expect(frames.count).toBe(COUNT);
  // 20 mm/s at 10 frames a second: 2 mm a frame along z.
  for (let i = 0; i < COUNT; i++) expect(frames.referenceFromPixel[12 * i + 11]).toBeCloseTo(2 * i, 9);
});

test("without such a method it is refused, and so is one whose pixels nobody measured", async () => {
  await expect(findBones({ recording, fixed: [calibration] }, options, context)).rejects.toThrow('to "Reference"');
  const recover = constantMotion(20);
  await expect(findBones({ recording, fixed: [] }, { ...options, recover }, context)).rejects.toThrow(
    "how large a pixel is",
  );
});

test("an orientation sensor that is asked for and not there is named", async () => {
  const input = { recording, fixed: [calibration] };
  const asked = { ...options, recover: constantMotion(20), orientationSensor: true };
  await expect(findBones(input, asked, context)).rejects.toThrow("no tracker has no orientation sensor");
});
