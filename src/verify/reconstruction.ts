import { join } from "node:path";
import { silentLog } from "../core/log.ts";
import { fromAxisAngle, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import { createWorkerPool, type WorkerPool } from "../core/worker-pool.ts";
import { layerValues } from "../data/block-volume.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { Volume } from "../data/volume.ts";
import { indexFromMm } from "../geometry/grid.ts";
import { readPlusConfig } from "../io/plus-config.ts";
import { openSequence } from "../io/sequence/open-sequence.ts";
import { readVolume } from "../io/volume-file.ts";
import { fillHoles } from "../pipeline/reconstruction/fill-holes.kernel.ts";
import {
  type Compounding,
  defaultReconstruction,
  type HoleFilling,
  type Interpolation,
  plusReconstruction,
  type ReconstructionOptions,
} from "../pipeline/reconstruction/options.ts";
import { optionsFromPlus } from "../pipeline/reconstruction/plus-options.ts";
import { predictBlocks, reconstructBlocks } from "../pipeline/reconstruction/reconstruct-blocks.ts";
import { reconstruct } from "../pipeline/reconstruction/reconstruct.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import { type Check, type CheckOutcome, numericCheck, type Suite } from "./check.ts";

/** Values up to 255 kept as floats of 24 bits. */
const FLOAT_ROUNDING = 2e-5;

async function run(frames: TrackedFrames, options: ReconstructionOptions, workerCount: number): Promise<Volume> {
  const workers = createWorkerPool(workerCount);
  try {
    return await reconstruct.run({ frames }, options, contextWith(workers));
  } finally {
    await workers.close();
  }
}

const contextWith = (workers: WorkerPool) => ({ rng: createRng("verify/reconstruction"), log: silentLog, workers });

/** Noise on `count` planes in all directions through a box of some mm. */
function noisePlanes(count: number): TrackedFrames {
  const rng = createRng("verify/reconstruction/planes");
  const [width, height, pixelMm] = [48, 40, 0.3];
  const referenceFromPixel = new Float64Array(count * 12);
  for (let i = 0; i < count; i++) {
    const axis = [rng.normal(), rng.normal(), rng.normal()] as const;
    const pose = fromAxisAngle(axis, 3 * rng.uniform(), [3 * rng.normal(), 3 * rng.normal(), 3 * rng.normal()]);
    const pixels = Float64Array.of(pixelMm, 0, 0, 0, 0, pixelMm, 0, 0, 0, 0, pixelMm, 0);
    referenceFromPixel.set(multiply3x4(pose.m, pixels), i * 12);
  }
  const images = Array.from({ length: count }, () =>
    Uint8Array.from({ length: width * height }, () => rng.integer(256)),
  );
  return {
    count,
    width,
    height,
    sourceIndex: Uint32Array.from(images.keys()),
    timeS: Float64Array.from(images.keys()),
    referenceFromPixel,
    dropped: {},
    read: (frame) => Promise.resolve({ width, height, pixels: images[frame]! }),
  };
}

/** Largest difference of the values from a plain pixel-by-pixel mean in floating point, which shares no code. */
async function differenceFromPlainMean(interpolation: Interpolation): Promise<number> {
  const frames = noisePlanes(30);
  const { grid, values, weight } = await run(frames, { ...defaultReconstruction, interpolation, spacingMm: 1 }, 1);
  const sums = new Float64Array(values.length),
    weights = new Float64Array(values.length);
  const [nx, ny] = grid.shape;
  for (let frame = 0; frame < frames.count; frame++) {
    const m = multiply3x4(indexFromMm(grid), frames.referenceFromPixel.subarray(frame * 12, frame * 12 + 12));
    const { pixels, width } = await frames.read(frame);
    pixels.forEach((pixel, i) => {
      const p = [0, 4, 8].map((r) => m[r]! * (i % width) + m[r + 1]! * Math.floor(i / width) + m[r + 3]!);
      const parts = interpolation === "nearest" ? 1 : 16;
      const q = p.map((x) => Math.floor(x * parts + 0.5) / parts);
      for (let corner = 0; corner < (interpolation === "nearest" ? 1 : 8); corner++) {
        const c = q.map((x, d) => Math.floor(x) + ((corner >> d) & 1));
        const w = q.reduce((product, x, d) => product * (1 - Math.abs(x - c[d]!)), 1);
        if (w === 0) continue;
        const voxel = (c[2]! * ny + c[1]!) * nx + c[0]!;
        sums[voxel] = sums[voxel]! + w * pixel;
        weights[voxel] = weights[voxel]! + w;
      }
    });
  }
  let worst = 0;
  for (let i = 0; i < values.length; i++) {
    if (weights[i]! > 0 !== weight[i]! > 0) return Infinity;
    if (weights[i]! > 0) worst = Math.max(worst, Math.abs(values[i]! - sums[i]! / weights[i]!));
  }
  return worst;
}

/** Bytes of the dense volume that one held in blocks, a few layers at a time, does not have. */
async function blocksDiffer(): Promise<number> {
  const frames = noisePlanes(12);
  const workers = createWorkerPool(1);
  let differing = 0;
  try {
    for (const interpolation of ["nearest", "linear"] as const) {
      const options = { ...defaultReconstruction, interpolation, spacingMm: 0.4, output: "byte" } as const;
      const dense = await reconstruct.run({ frames }, options, contextWith(workers));
      const held = await reconstructBlocks({ frames }, options, contextWith(workers), 1);
      const layer = dense.grid.shape[0] * dense.grid.shape[1];
      for (let z = 0; z < dense.grid.shape[2]; z++) {
        layerValues(held, z).forEach((value, i) => (differing += value === dense.values[z * layer + i] ? 0 : 1));
      }
    }
  } finally {
    await workers.close();
  }
  return differing;
}

/** 660 frames of 512 × 512 pixels, 40 mm wide and 50 mm deep, in eight strokes around a leg of 100 mm. */
function strokesAroundLeg(): TrackedFrames {
  const STROKES = 8, SLICES = 83, SIZE = 512; // prettier-ignore
  const [acrossMm, downMm] = [40 / SIZE, 50 / SIZE];
  const poses: number[] = [];
  for (let stroke = 0; stroke < STROKES; stroke++) {
    const c = Math.cos((2 * Math.PI * stroke) / STROKES), s = Math.sin((2 * Math.PI * stroke) / STROKES); // prettier-ignore
    for (let slice = 0; slice < SLICES; slice++) {
      const z = 1.5 * (slice - SLICES / 2) + 60 * (stroke % 2 ? 1 : -1);
      poses.push(-s * acrossMm, -c * downMm, 0, 50 * c + 20 * s, c * acrossMm, -s * downMm, 0, 50 * s - 20 * c, 0, 0, 0, z);
    }
  } // prettier-ignore
  const count = STROKES * SLICES;
  return {
    count,
    width: SIZE,
    height: SIZE,
    sourceIndex: Uint32Array.from({ length: count }, (_, i) => i),
    timeS: Float64Array.from({ length: count }, (_, i) => i),
    referenceFromPixel: Float64Array.from(poses),
    dropped: {},
    read: () => Promise.reject(new Error("only the poses are looked at")),
  };
}

/** Bytes of values and weights that differ between one worker and two, over all ways of compounding. */
async function differingBytes(preset: ReconstructionOptions): Promise<number> {
  const frames = noisePlanes(12);
  const pools = [createWorkerPool(1), createWorkerPool(2)];
  let differing = 0;
  try {
    for (const interpolation of ["nearest", "linear"] as const) {
      const exact = preset.arithmetic === "exact" ? (["importance", "median"] as const) : [];
      for (const compounding of ["mean", "latest", "maximum", ...exact] as readonly Compounding[]) {
        const options = {
          ...preset,
          interpolation,
          compounding,
          spacingMm: 1,
          holeFilling: plusReconstruction.holeFilling,
        };
        const volumes = [];
        for (const workers of pools) volumes.push(await reconstruct.run({ frames }, options, contextWith(workers)));
        const [one, two] = volumes.map(({ values, weight }) =>
          Buffer.concat([values, weight].map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength))),
        );
        if (one!.length !== two!.length) return Infinity;
        for (let i = 0; i < one!.length; i++) if (one![i] !== two![i]) differing++;
      }
    }
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
  return differing;
}

/** Voxels that differ from a volume that PLUS wrote, with one worker and with two. */
async function differenceFromPlus(folder: string, config: string, reference: string): Promise<number> {
  const { transforms, reconstruction } = await readPlusConfig(join(folder, `${config}.xml`));
  if (!reconstruction) throw new Error(`${config}.xml has no VolumeReconstruction`);
  const expected = await readVolume(join(folder, `${reference}.mha`));
  const recording = await openSequence(join(folder, "SpinePhantomFreehand.igs.mha"));
  const pools = [createWorkerPool(1), createWorkerPool(2)];
  try {
    const fixed = transforms.map(({ from, to, toFromFrom }) => ({ from, to, m: toFromFrom }));
    let differing = 0;
    for (const workers of pools) {
      const frames = await trackFrames.run({ recording, fixed }, trackFrames.defaults, contextWith(workers));
      const { values } = await reconstruct.run({ frames }, optionsFromPlus(reconstruction), contextWith(workers));
      if (values.length !== expected.values.length) return Infinity;
      for (let i = 0; i < values.length; i++) if (values[i] !== expected.values[i]) differing++;
    }
    return differing;
  } finally {
    await recording.close();
    await Promise.all(pools.map((pool) => pool.close()));
  }
}

function plusCheck(id: string, what: string, config: string, reference: string): Check {
  return {
    id: `reconstruction.plus.${id}`,
    statement: `The volume that PLUS makes of the spine phantom (${what}, sticks in holes) is reproduced voxel by voxel, by one worker and by two`,
    source: `PlusLibData: ${reference}.mha`,
    expected: 0,
    tolerance: 0,
    async run({ dataFolder }): Promise<CheckOutcome> {
      if (!dataFolder) return { measured: "the public recordings are not there", pass: "skipped" };
      const measured = await differenceFromPlus(join(dataFolder, "plus"), config, reference);
      return { measured, pass: measured === 0 };
    },
  };
}

/** What a hole-filling step makes of one hole in a row of voxels; 0 in `row` marks what was not seen. */
function filledRow(step: HoleFilling, row: readonly number[], hole: number): number {
  const values = Float32Array.from(row);
  const filled = new Float32Array(row.length);
  const weight = values.map((value) => (value > 0 ? 1 : 0));
  const shape = [row.length, 1, 1] as const;
  fillHoles({ shape, zBegin: 0, zEnd: 1, values, weight, steps: [step], likePlus: false, filled });
  return filled[hole]!;
}

const SIZE_5 = { size: 5, minKnownShare: 0 } as const;
const gauss = (distance: number, stdev: number): number => Math.exp(-(distance ** 2) / (2 * stdev ** 2));

const checks: readonly Check[] = [
  plusCheck(
    "nearest",
    "nearest, mean",
    "PlusDeviceSet_VolumeReconstructionOnly_SpinePhantom_NN_MEAN",
    "vtkVolumeReconstructorTestNNMEANvolumeRef",
  ),
  plusCheck(
    "linear",
    "linear, mean, in a fan",
    "PlusDeviceSet_VolumeReconstructionOnly_SonixRP_TRUS_D70mm_LN_MEAN",
    "vtkVolumeReconstructorTestLNMEANvolumeRef",
  ),
  numericCheck(
    {
      id: "reconstruction.workers.exact",
      statement: "One worker and two give the same bytes, for every way of compounding",
      source: "property",
      expected: 0,
      tolerance: 0,
    },
    () => differingBytes(defaultReconstruction),
  ),
  numericCheck(
    {
      id: "reconstruction.blocks.exact",
      statement: "A gray volume held in blocks, made a few layers at a time, has the voxels of the dense one",
      source: "both are the same sums of integers",
      expected: 0,
      tolerance: 0,
    },
    blocksDiffer,
  ),
  numericCheck(
    {
      id: "reconstruction.blocks.memory",
      statement:
        "656 gray frames around a leg, 0.25 mm over 200 × 200 × 250 mm, linear mean: GB as predicted, less than 2",
      source: "count of reachable blocks; a dense volume would take 10 GB",
      expected: 1,
      tolerance: 1,
    },
    () => {
      const spacingMm = [0.25, 0.25, 0.25] as const;
      const grid = {
        kind: "given",
        grid: { shape: [800, 800, 1000], spacingMm, originMm: [-100, -100, -125] },
      } as const;
      return (
        predictBlocks({ frames: strokesAroundLeg() }, { ...defaultReconstruction, grid, output: "byte" }, 2).bytes / 1e9
      );
    },
  ),
  numericCheck(
    {
      id: "reconstruction.workers.plus",
      statement: "So they do in the PLUS-compatible mode (where PLUS itself does not)",
      source: "property",
      expected: 0,
      tolerance: 0,
    },
    () => differingBytes(plusReconstruction),
  ),
  ...(["nearest", "linear"] as const).map((interpolation) =>
    numericCheck(
      {
        id: `reconstruction.mean.${interpolation}`,
        statement: `Each voxel of the ${interpolation} mean is the mean of the pixels that belong to it, gray levels`,
        source: "pixel-by-pixel sum in double precision",
        expected: 0,
        tolerance: FLOAT_ROUNDING,
      },
      () => differenceFromPlainMean(interpolation),
    ),
  ),
  numericCheck(
    {
      id: "reconstruction.conservation",
      statement: "Every pixel is counted exactly once: the weights add up to the number of pixels (share missing)",
      source: "closed form",
      expected: 0,
      tolerance: 1e-6,
    },
    async () => {
      const frames = noisePlanes(20);
      const { weight } = await run(frames, { ...defaultReconstruction, spacingMm: 0.8 }, 1);
      const total = weight.reduce((sum, w) => sum + w, 0);
      return total / (frames.count * frames.width * frames.height) - 1;
    },
  ),
  ...(["nearest", "linear"] as const).map((interpolation) =>
    numericCheck(
      {
        id: `reconstruction.median.${interpolation}`,
        statement: `Five pictures of 10, 90, 200, 250 and 30 in one place: the ${interpolation} median is 90, whatever stands out (largest difference)`,
        source: "closed form",
        expected: 0,
        tolerance: 0,
      },
      async () => {
        const grays = [10, 90, 200, 250, 30];
        const one = noisePlanes(1);
        const frames: TrackedFrames = {
          ...one,
          count: grays.length,
          referenceFromPixel: Float64Array.from(grays.flatMap(() => [...one.referenceFromPixel])),
          read: (f) => Promise.resolve({ width: one.width, height: one.height, pixels: new Uint8Array(one.width * one.height).fill(grays[f]!) }), // prettier-ignore
        };
        const { values, weight } = await run(frames, { ...defaultReconstruction, interpolation, compounding: "median", spacingMm: 1 }, 1); // prettier-ignore
        return Array.from(values).reduce(
          (worst, value, i) => Math.max(worst, weight[i]! > 0 ? Math.abs(value - 90) : 0),
          0,
        );
      },
    ),
  ),
  numericCheck(
    {
      id: "reconstruction.holes.stick",
      statement: "A stick between 20 and 60 across a gap of three voxels gives 30 next to the first",
      source: "closed form: linear interpolation",
      expected: 30,
      tolerance: FLOAT_ROUNDING,
    },
    () => filledRow({ kind: "stick", lengthLimit: 9, sticks: 1 }, [20, 0, 0, 0, 60], 1),
  ),
  numericCheck(
    {
      id: "reconstruction.holes.nearest",
      statement: "Nearest fills from the first shell that has something: 40 beside the hole, not 90 farther away",
      source: "closed form",
      expected: 40,
      tolerance: 0,
    },
    () => filledRow({ kind: "nearest", ...SIZE_5 }, [90, 40, 0, 0, 90], 2),
  ),
  numericCheck(
    {
      id: "reconstruction.holes.inverse-distance",
      statement: "Inverse distance weighs voxels 1 and 2 away as 2 to 1",
      source: "closed form",
      expected: (2 * 30 + 90) / 3,
      tolerance: FLOAT_ROUNDING,
    },
    () => filledRow({ kind: "inverse-distance", ...SIZE_5 }, [0, 30, 0, 0, 90], 2),
  ),
  numericCheck(
    {
      id: "reconstruction.holes.gaussian",
      statement: "A Gaussian of 1.5 voxels weighs voxels 1 and 2 away by exp(-d^2 / 4.5)",
      source: "closed form",
      expected: (30 * gauss(1, 1.5) + 90 * gauss(2, 1.5)) / (gauss(1, 1.5) + gauss(2, 1.5)),
      tolerance: FLOAT_ROUNDING,
    },
    () => filledRow({ kind: "gaussian", stdevVoxels: 1.5, ...SIZE_5 }, [0, 30, 0, 0, 90], 2),
  ),
];

export const reconstructionSuite: Suite = {
  name: "reconstruction",
  about: "images into a volume: PLUS's own results, any number of workers, plain sums, hole filling",
  checks,
};
