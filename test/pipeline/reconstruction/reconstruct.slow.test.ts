import { describe, expect, test } from "vitest";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import type { Volume } from "../../../src/data/volume.ts";
import {
  type Compounding,
  defaultReconstruction,
  type Interpolation,
  plusReconstruction,
  type ReconstructionOptions,
} from "../../../src/pipeline/reconstruction/options.ts";
import { reconstruct } from "../../../src/pipeline/reconstruction/reconstruct.ts";
import { bruteForce } from "./brute-force.ts";
import { alone, at, cube, divided, flatPose, framesOf, randomPose, sum, worstDifference } from "./support.ts";

/** Values up to 255 as floats of 24 bits. */
const FLOAT_ROUNDING = 2e-5;
/** Weights up to some thousand pixels as floats of 24 bits, relative. */
const FLOAT_SHARE = 1e-6;

const interpolations: readonly Interpolation[] = ["nearest", "linear"];
const compoundings: readonly Compounding[] = ["mean", "latest", "maximum", "importance", "median"];
const bothWays = interpolations.flatMap((interpolation) =>
  compoundings.map((compounding) => ({ interpolation, compounding })),
);

const given = (options: Partial<ReconstructionOptions>): ReconstructionOptions => ({
  ...defaultReconstruction,
  ...options,
});

/** Frames that cross a cube of 12 voxels in all directions and stick out of it. */
function crossing(seed: string, count: number, pixelMm = 0.4) {
  const rng = createRng(seed);
  const poses = Array.from({ length: count }, () => randomPose(rng, pixelMm, 5));
  const noise = rng.fork("pixels");
  return framesOf(poses, 31, 23, () => noise.integer(256));
}

describe("exact insertion", () => {
  test.each(bothWays)("$interpolation $compounding agrees with the definition, pixel by pixel", async (way) => {
    const frames = crossing(`brute/${way.interpolation}/${way.compounding}`, 25);
    const grid = cube(12, 1, -4);
    const share = (frame: number, u: number, v: number): number => (frame * 7 + u * 13 + v * 29) % 256;
    const weighted = way.compounding === "importance";
    const volume = await reconstruct.run(
      {
        frames,
        ...(weighted && {
          importance: (frame) => ({
            width: 31,
            height: 23,
            pixels: Uint8Array.from({ length: 31 * 23 }, (_, i) => share(frame, i % 31, Math.floor(i / 31))),
          }),
        }),
      },
      given({ ...way, grid: { kind: "given", grid } }),
      alone,
    );
    const twin = await bruteForce(frames, grid, way, weighted ? { weight: share } : {});
    expect(sum(twin.weight)).toBeGreaterThan(1000);
    expect(worstDifference(volume.values, twin.values)).toBeLessThan(FLOAT_ROUNDING);
    expect(worstDifference(volume.weight, twin.weight)).toBeLessThan(FLOAT_SHARE * Math.max(...twin.weight));
  });

  test("linear's sixteenths of a voxel change a mean by less than a tenth of its own noise", async () => {
    const frames = crossing("sixteenths", 40);
    const grid = cube(12, 1, -4);
    const options = given({ grid: { kind: "given", grid } });
    const volume = await reconstruct.run({ frames }, options, alone);
    const unrounded = await bruteForce(frames, grid, options, {}, 2 ** 30);
    let squares = 0,
      seen = 0;
    for (let i = 0; i < volume.values.length; i++) {
      if (unrounded.weight[i]! < 4) continue;
      squares += (volume.values[i]! - unrounded.values[i]!) ** 2 * unrounded.weight[i]!;
      seen++;
    }
    // The pixels are white noise over 0 … 255; a mean of n of them has this over √n.
    const noise = 256 / Math.sqrt(12);
    expect(seen).toBeGreaterThan(300);
    expect(Math.sqrt(squares / seen)).toBeLessThan(noise / 10);
  });

  test.each(interpolations)("a constant image gives a constant volume, %s", async (interpolation) => {
    const rng = createRng("constant");
    const poses = Array.from({ length: 12 }, () => randomPose(rng, 0.3, 3));
    const frames = framesOf(poses, 40, 30, () => 137);
    const { values, weight } = await reconstruct.run({ frames }, given({ interpolation }), alone);
    const wrong = values.filter((value, i) => value !== (weight[i]! > 0 ? 137 : 0));
    expect(wrong).toHaveLength(0);
  });

  test.each(interpolations)("every pixel is counted once, %s: weights add up to the number of pixels", async (way) => {
    const rng = createRng("conservation");
    const poses = Array.from({ length: 9 }, () => randomPose(rng, 0.3, 4));
    const frames = framesOf(poses, 33, 27, () => rng.integer(256));
    const options = given({ interpolation: way });
    const { values, weight } = await reconstruct.run({ frames }, options, alone);
    expect(Math.abs(sum(weight) - 9 * 33 * 27)).toBeLessThan(FLOAT_SHARE * 9 * 33 * 27);
    let mass = 0,
      pixels = 0;
    for (let i = 0; i < values.length; i++) mass += values[i]! * weight[i]!;
    for (let i = 0; i < 9; i++) pixels += sum((await frames.read(i)).pixels);
    expect(Math.abs(mass / pixels - 1)).toBeLessThan(FLOAT_SHARE);
  });

  test("a ramp is reproduced by linear mean to within 1/32 voxel", async () => {
    // 16 pixels a voxel so that the pixels of a voxel lie evenly around it; the plane lies between two layers.
    const frames = framesOf([flatPose(1 / 16, 0, 0, 2.5)], 97, 65, (_, u) => 2 * u);
    const grid = cube(7);
    const volume = await reconstruct.run({ frames }, given({ grid: { kind: "given", grid } }), alone);
    const perVoxel = 32;
    for (let x = 1; x <= 5; x++) {
      expect(Math.abs(volume.values[at(volume, x, 2, 2)]! - perVoxel * x)).toBeLessThanOrEqual(perVoxel / 32);
    }
  });

  test("the mean has no truncation bias: 100 and 101 give 100.5, and 101 as a byte", async () => {
    const frames = framesOf([flatPose(1), flatPose(1)], 3, 3, (frame) => 100 + frame);
    const grid = { kind: "given", grid: cube(3) } as const;
    const options = given({ interpolation: "nearest", grid });
    expect((await reconstruct.run({ frames }, options, alone)).values[0]).toBe(100.5);
    expect((await reconstruct.run({ frames }, { ...options, output: "byte" }, alone)).values[0]).toBe(101);
  });

  test.each(interpolations)(
    "sums are exact far beyond what the packed accumulators hold, %s",
    async (interpolation) => {
      // 20 × 20 pixels a voxel and 60 frames: 24,000 pixels in a voxel; the packed ones hold 4095 and 1024.
      const poses = Array.from({ length: 60 }, (_, i) => flatPose(0.05, 0, 0, 1 + 0.001 * i));
      const frames = framesOf(poses, 60, 60, (frame, u, v) => (u * 31 + v * 17 + frame * 101) % 256);
      const grid = cube(4);
      const options = given({ interpolation, grid: { kind: "given", grid } });
      const volume = await reconstruct.run({ frames }, options, alone);
      const twin = await bruteForce(frames, grid, options);
      expect(Math.max(...twin.weight)).toBeGreaterThan(20_000);
      expect(worstDifference(volume.values, twin.values)).toBeLessThan(FLOAT_ROUNDING);
      expect(worstDifference(volume.weight, twin.weight)).toBeLessThan(FLOAT_SHARE * 25_000);
    },
  );

  test("a voxel larger than the frame still gets the exact mean", async () => {
    const frames = framesOf([flatPose(0.001)], 100, 90, (_, u) => u);
    const options = given({ interpolation: "nearest", grid: { kind: "given", grid: cube(2) } });
    const { values, weight } = await reconstruct.run({ frames }, options, alone);
    expect(values[0]).toBe(49.5);
    expect(weight[0]).toBe(9000);
  });
});

describe("what is inserted", () => {
  const grid = { kind: "given", grid: cube(6) } as const;
  const flat = (count: number) =>
    framesOf(
      Array.from({ length: count }, (_, i) => flatPose(1, 0, 0, i)),
      6,
      6,
      (frame, u, v) => 10 * frame + u + 6 * v,
    );

  test("only every n-th frame with a skip interval, the first included", async () => {
    const options = given({ interpolation: "nearest", grid, skipInterval: 2 });
    const volume = await reconstruct.run({ frames: flat(5) }, options, alone);
    const layers = [0, 1, 2, 3, 4].map((z) => volume.weight[at(volume, 3, 3, z)]!);
    expect(layers).toEqual([1, 0, 1, 0, 1]);
  });

  test("no pixel darker than the rejection threshold", async () => {
    const options = given({ interpolation: "nearest", grid, pixelRejectionThreshold: 20 });
    const volume = await reconstruct.run({ frames: flat(1) }, options, alone);
    for (let i = 0; i < 36; i++) expect(volume.weight[i]).toBe(i >= 20 ? 1 : 0);
  });

  test("nothing below the last valid row of a column, and nothing of a column that was not observed", async () => {
    const validRows = () => Float32Array.of(0, 2.7, NaN, Infinity, -1, 5);
    const options = given({ interpolation: "nearest", grid });
    const volume = await reconstruct.run({ frames: flat(1), validRows }, options, alone);
    const rows = [0, 1, 2, 3, 4, 5].map((u) => sum([0, 1, 2, 3, 4, 5].map((v) => volume.weight[at(volume, u, v, 0)]!)));
    expect(rows).toEqual([1, 3, 0, 6, 0, 6]);
  });

  test("other images in place of the frames, and a confidence that weighs them", async () => {
    const frames = framesOf([flatPose(1), flatPose(1)], 6, 6, () => 9);
    const volume = await reconstruct.run(
      {
        frames,
        read: (frame) => ({ width: 6, height: 6, pixels: new Uint8Array(36).fill(frame === 0 ? 0 : 200) }),
        confidence: (frame) => (frame === 0 ? 0.2 : 0.6),
      },
      given({ interpolation: "nearest", compounding: "importance", grid }),
      alone,
    );
    expect(volume.values[0]).toBe(150);
    expect(volume.weight[0]).toBeCloseTo(0.8, 6);
  });

  test("nothing changes when the frames come in more than one batch", async () => {
    // 70 frames of 700 × 700 are more than the 32 MB of a batch.
    const poses = Array.from({ length: 70 }, (_, i) => flatPose(0.02, 0, 0, i / 5));
    const images = [0, 1, 2].map((k) => Uint8Array.from({ length: 490_000 }, (_, i) => (i * 7 + k * 85) % 256));
    const frames = {
      ...framesOf(poses, 1, 1, () => 0),
      width: 700,
      height: 700,
      read: (frame: number) => Promise.resolve({ width: 700, height: 700, pixels: images[frame % 3]! }),
    };
    const options = given({ spacingMm: 1, interpolation: "nearest" });
    const { values, weight } = await reconstruct.run({ frames }, options, alone);
    expect(sum(weight)).toBe(70 * 490_000);
    let mass = 0;
    for (let i = 0; i < values.length; i++) mass += values[i]! * weight[i]!;
    const pixels = sum(poses.map((_, i) => sum(images[i % 3]!)));
    expect(Math.abs(mass / pixels - 1)).toBeLessThan(FLOAT_SHARE);
  });
});

const sameBytes = (a: Volume, b: Volume): boolean =>
  Buffer.from(a.values.buffer).equals(Buffer.from(b.values.buffer)) &&
  Buffer.from(a.weight.buffer).equals(Buffer.from(b.weight.buffer));

describe("any number of workers gives the same bytes", () => {
  const holeFilling = [
    { kind: "stick", lengthLimit: 5, sticks: 2 },
    { kind: "gaussian", size: 3, stdevVoxels: 1, minKnownShare: 0.1 },
  ] as const;

  test.each(["exact", "plus"] as const)("2, 3 and 7 parts of the volume, %s arithmetic", async (arithmetic) => {
    const frames = crossing("workers", 20, 0.5);
    const importance = () => ({ width: 31, height: 23, pixels: new Uint8Array(31 * 23).fill(77) });
    for (const way of bothWays) {
      if (arithmetic === "plus" && way.compounding === "median") continue; // PLUS has none
      const preset = arithmetic === "plus" ? plusReconstruction : {};
      const options = given({ ...preset, ...way, holeFilling, grid: { kind: "given", grid: cube(14, 1, -5) } });
      const insertion = { frames, ...(way.compounding === "importance" && { importance }) };
      const one = await reconstruct.run(insertion, options, alone);
      expect(sum(one.weight)).toBeGreaterThan(0);
      for (const size of [2, 3, 7]) {
        const many = await reconstruct.run(insertion, options, divided(size));
        expect(many.grid).toEqual(one.grid);
        expect(sameBytes(many, one)).toBe(true);
      }
    }
  });

  test("two threads", { timeout: 60_000 }, async () => {
    const workers = createWorkerPool(2);
    const frames = crossing("threads", 20, 0.5);
    const options = given({ spacingMm: 2, holeFilling });
    const one = await reconstruct.run({ frames }, options, alone);
    const two = await reconstruct.run({ frames }, options, { ...alone, workers });
    await workers.close();
    expect(sameBytes(one, two)).toBe(true);
  });
});

describe("what cannot be done is refused", () => {
  const frames = framesOf([flatPose(1)], 4, 4, () => 1);
  const attempt = (options: Partial<ReconstructionOptions>) => reconstruct.run({ frames }, given(options), alone);

  test("a volume above the memory limit, with its size and the remedy, before anything is allocated", async () => {
    const huge = { kind: "given", grid: cube(100_000) } as const;
    await expect(attempt({ grid: huge })).rejects.toThrow(/100000 × 100000 × 100000 voxels needs \d+\.\d+ GB/);
    await expect(attempt({ grid: huge })).rejects.toThrow(UnsuitableInputError);
    await expect(attempt({ spacingMm: 1, memoryLimitBytes: 100 })).rejects.toThrow(
      /limit of 0.00 GB. Use larger voxels/,
    );
  });

  test.each([
    [{ spacingMm: 0 }, /spacingMm/],
    [{ spacingMm: [0.5, -1, 0.5] as const }, /spacingMm/],
    [{ skipInterval: 0 }, /skipInterval/],
    [{ clip: { originPx: [10, 10], sizePx: [3, 3] } } as const, /misses the image/],
    [{ holeFilling: [{ kind: "nearest", size: 4, minKnownShare: 0 }] } as const, /size 4/],
    [{ compounding: "importance", arithmetic: "plus" } as const, /importance image/],
    [{ compounding: "median", arithmetic: "plus" } as const, /PLUS has no median/],
  ])("%j", async (options, message) => {
    await expect(attempt(options)).rejects.toThrow(message);
    await expect(attempt(options)).rejects.toThrow(UnsuitableInputError);
  });

  test("a pose that is not finite, no frame at all, a frame of another size, a confidence above one", async () => {
    const broken = framesOf([flatPose(1), flatPose(NaN)], 4, 4, () => 1);
    await expect(reconstruct.run({ frames: broken }, given({}), alone)).rejects.toThrow(/pose of frame 1/);
    const none = framesOf([], 4, 4, () => 1);
    await expect(reconstruct.run({ frames: none }, given({}), alone)).rejects.toThrow(/no frame/);
    const read = () => ({ width: 3, height: 4, pixels: new Uint8Array(12) });
    await expect(reconstruct.run({ frames, read }, given({}), alone)).rejects.toThrow(/frame 0 is 3 × 4/);
    await expect(reconstruct.run({ frames, confidence: () => 2 }, given({}), alone)).rejects.toThrow(/confidence/);
  });
});
