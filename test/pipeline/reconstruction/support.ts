import { silentLog } from "../../../src/core/log.ts";
import { compose, fromAxisAngle, multiply3x4, type Rigid } from "../../../src/core/rigid.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import type { WorkerPool } from "../../../src/core/worker-pool.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import type { Volume } from "../../../src/data/volume.ts";
import type { Grid } from "../../../src/geometry/grid.ts";
import { fillHoles } from "../../../src/pipeline/reconstruction/fill-holes.kernel.ts";
import { insertBatch } from "../../../src/pipeline/reconstruction/insert.kernel.ts";
import type { StageContext } from "../../../src/pipeline/stage.ts";

/** Runs nothing on threads: the stage then works on the calling thread. */
const noWorkers: WorkerPool = {
  size: 1,
  map: () => Promise.reject(new Error("a pool of one is not asked")),
  rest: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** A pool that divides the work like one of `size` threads but runs it on this one. */
export function divided(size: number): StageContext {
  const tasks: Readonly<Record<string, (data: never) => void>> = {
    "insert.worker.ts": insertBatch,
    "fill-holes.worker.ts": fillHoles,
  };
  const workers: WorkerPool = {
    ...noWorkers,
    size,
    map: (module, jobs) => {
      const task = tasks[module.href.split("/").at(-1)!]!;
      for (const { data } of jobs) task(data as never);
      return Promise.resolve([]);
    },
  };
  return { ...alone, workers };
}

export const alone: StageContext = { rng: createRng("reconstruction"), log: silentLog, workers: noWorkers };

export function framesOf(
  poses: readonly Float64Array[],
  width: number,
  height: number,
  pixel: (frame: number, u: number, v: number) => number,
): TrackedFrames {
  const referenceFromPixel = new Float64Array(poses.length * 12);
  poses.forEach((pose, i) => referenceFromPixel.set(pose, i * 12));
  const images = poses.map((_, frame) =>
    Uint8Array.from({ length: width * height }, (_, i) => pixel(frame, i % width, Math.floor(i / width))),
  );
  return {
    count: poses.length,
    width,
    height,
    sourceIndex: Uint32Array.from(poses.keys()),
    timeS: Float64Array.from(poses.keys()),
    referenceFromPixel,
    dropped: {},
    read: (frame) => Promise.resolve({ width, height, pixels: images[frame]! }),
  };
}

/** Pixels of `pixelMm` on an axis-aligned plane: u along x, v along y, at z. */
export function flatPose(pixelMm: number, xMm = 0, yMm = 0, zMm = 0): Float64Array {
  return Float64Array.of(pixelMm, 0, 0, xMm, 0, pixelMm, 0, yMm, 0, 0, pixelMm, zMm);
}

/** A pose with any rotation and unequal pixel spacings around `pixelMm`. */
export function randomPose(rng: Rng, pixelMm: number, spreadMm: number): Float64Array {
  const axis = [rng.normal(), rng.normal(), rng.normal()] as const;
  const shift = [spreadMm * rng.normal(), spreadMm * rng.normal(), spreadMm * rng.normal()] as const;
  const pose: Rigid<"reference", "image"> = compose(
    fromAxisAngle<"reference", "image">(axis, 2 * Math.PI * rng.uniform(), shift),
    fromAxisAngle<"image", "image">([0, 0, 1], 0),
  );
  const [s, t] = [pixelMm * (0.8 + 0.4 * rng.uniform()), pixelMm * (0.8 + 0.4 * rng.uniform())];
  return multiply3x4(pose.m, Float64Array.of(s, 0, 0, 0, 0, t, 0, 0, 0, 0, s, 0));
}

export function cube(n: number, spacingMm = 1, originMm = 0): Grid {
  return {
    shape: [n, n, n],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [originMm, originMm, originMm],
  };
}

export function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const x of values) total += x;
  return total;
}

export const at = ({ grid: { shape } }: Volume, x: number, y: number, z: number): number =>
  (z * shape[1] + y) * shape[0] + x;
