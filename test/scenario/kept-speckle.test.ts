import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import { observeSweep } from "../../src/pipeline/pose/decorrelation/observe-sweep.ts";
import type { SweepImages } from "../../src/pipeline/pose/sweep-images.ts";
import { keepSpeckle } from "../../src/scenario/kept-speckle.ts";
import { poseMethod } from "../../src/scenario/pose-methods.ts";
import { parseScenario } from "../../src/scenario/schema.ts";

const SIZE = 240;

/** A Rayleigh-like pattern of grains of 5 pixels that becomes another, image by image. */
function sweepOf(seed: string, count = 7): SweepImages {
  const rng = createRng(seed);
  const field = (): Float64Array => {
    const noise = Float64Array.from({ length: SIZE * SIZE }, () => rng.normal());
    const reach = [-2, -1, 0, 1, 2];
    return noise.map(
      (_, at) =>
        reach.reduce((sum, j) => sum + reach.reduce((row, i) => row + (noise[at + j * SIZE + i] ?? 0), 0), 0) / 5,
    );
  };
  const fields = Array.from({ length: 4 }, field);
  const gray = (turn: number, at: number): number => {
    const [a, b, c, d] = fields.map((f) => f[at]!) as [number, number, number, number];
    const power = (a * Math.cos(turn) + b * Math.sin(turn)) ** 2 + (c * Math.cos(turn) + d * Math.sin(turn)) ** 2;
    return Math.min(255, Math.max(0, 150 + (255 / 60) * 10 * Math.log10(power + 1e-6)));
  };
  const pictures = Array.from({ length: count }, (_, i) => Uint8Array.from(fields[0]!, (__, at) => gray(0.2 * i, at)));
  return {
    name: seed,
    count,
    geometry: { width: SIZE, height: SIZE, spacingMm: [0.12, 0.12], faceCentrePx: [SIZE / 2, 0] },
    timeS: Float64Array.from(pictures, (_, i) => i / 30),
    read: async (i) => ({ width: SIZE, height: SIZE, pixels: pictures[i]! }),
  };
}

test("speckle that was observed before is not observed again; of other pixels, geometry or range it is", async () => {
  const asked: string[] = [];
  const observe = keepSpeckle(2, (sweep, range) => (asked.push(sweep.name), observeSweep(sweep, range)));
  const a = sweepOf("a", 2), b = sweepOf("b", 2); // prettier-ignore
  const first = await observe(a, 60);
  // The name is no matter, nor who asks.
  expect(await observe({ ...a, name: "again" }, 60)).toBe(first);
  await observe(b, 60);
  await observe({ ...a, name: "finer", geometry: { ...a.geometry, spacingMm: [0.11, 0.12] } }, 60);
  await observe({ ...b, name: "range" }, 50);
  await observe({ ...a, name: "forgotten" }, 60);
  expect(asked).toEqual(["a", "b", "finer", "range", "forgotten"]);
});

test("what fails is not kept", async () => {
  let calls = 0;
  const observe = keepSpeckle(2, async () => {
    calls++;
    throw new Error("no");
  });
  const sweep = sweepOf("a", 2);
  await expect(observe(sweep, 60)).rejects.toThrow("no");
  await expect(observe(sweep, 60)).rejects.toThrow("no");
  expect(calls).toBe(2);
});

test("every method finds the same to the bit in speckle that another method observed", async () => {
  const sweep = sweepOf("shared");
  const observe = keepSpeckle(2);
  const workers = createWorkerPool(1);
  const context = { rng: createRng("kept-speckle"), log: silentLog, workers };
  try {
    for (const kind of ["decorrelation", "learned", "in-plane", "decorrelation"]) {
      const { pose } = parseScenario({ name: "x", source: { kind: "simulated" }, pose: { kind } }, "x.yaml");
      const shared = await poseMethod(pose, observe)!(sweep, context),
        anew = await poseMethod(pose)!(sweep, context);
      expect(shared).toEqual(anew);
      expect(shared.firstFromImage.some((x) => x !== 0 && x !== 1)).toBe(true);
    }
  } finally {
    await workers.close();
  }
});
