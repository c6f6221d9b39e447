import { UnsuitableInputError } from "../../core/errors.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { Volume } from "../../data/volume.ts";
import { type Grid, voxelCount } from "../../geometry/grid.ts";
import type { Stage } from "../stage.ts";
import { fillHoles } from "./fill-holes.kernel.ts";
import type { FillJob } from "./fill-job.ts";
import { finishSlab } from "./finish.kernel.ts";
import { batchBytes, frameInserter } from "./insert-frames.ts";
import type { Insertion } from "./insertion.ts";
import { closeFirstWalk } from "./insert-median.kernel.ts";
import { defaultReconstruction, type ReconstructionOptions } from "./options.ts";
import { type InsertionPlan, planInsertion } from "./plan-insertion.ts";
import { allocateSlab, bytesPerVoxel, type Slab } from "./slab.ts";
import { balancedLayers } from "./slabs.ts";

/** Puts tracked images into a volume. The same bytes for any number of workers. */
export const reconstruct: Stage<Insertion, Volume, ReconstructionOptions> = {
  name: "reconstruction",
  defaults: defaultReconstruction,
  async run(insertion, asked, context) {
    const plan = planInsertion(insertion, asked);
    const { options, grid, chosen, kind, folding, voxelFromPixel, poses, footprint } = plan;
    checkMemory(plan, context.workers.size);

    const bounds = balancedLayers(voxelFromPixel, poses, footprint, grid.shape[2], context.workers.size);
    const slabs = bounds.slice(1).map((zEnd, i) => allocateSlab(kind, options, grid.shape, bounds[i]!, zEnd, folding));
    context.log.debug("reconstruction", { shape: grid.shape, frames: chosen.length, kind, slabs: slabs.length });
    const insert = frameInserter(insertion, plan, context);
    const all = [...chosen.keys()];
    await insert(all, slabs, false);
    if (kind === "median") {
      for (const slab of slabs) if (slab.kind === "median") closeFirstWalk(slab);
      await insert(all, slabs, true);
    }

    const volume = finish(slabs, grid, options);
    return options.holeFilling.length === 0
      ? rounded(volume, options)
      : rounded(await fill(volume, options, context.workers), options);
  },
};

/** Bytes that a dense volume takes while it is made. */
export function denseBytes(plan: InsertionPlan, workers: number): number {
  const { grid, kind, folding, options } = plan;
  const accumulatorBytes = bytesPerVoxel(kind, folding);
  // Values and weights; with filling also the filled values, the search masks with their margins, and the final copies.
  const resultBytes = (options.holeFilling.length > 0 ? 24 : 8) + (options.output === "byte" ? 1 : 0);
  const [nx, ny] = grid.shape;
  const ghosts = 2 * workers * nx * ny;
  const voxels = voxelCount(grid);
  return (voxels + ghosts) * accumulatorBytes + voxels * resultBytes + batchBytes(plan);
}

function checkMemory(plan: InsertionPlan, workers: number): void {
  const { grid, options } = plan;
  const { memoryLimitBytes } = options;
  const needed = denseBytes(plan, workers);
  if (needed <= memoryLimitBytes) return;
  throw new UnsuitableInputError(
    `A volume of ${grid.shape.join(" × ")} voxels needs ${gigabytes(needed)} GB, more than the limit of ` +
      `${gigabytes(memoryLimitBytes)} GB`,
    `Use larger voxels (now ${grid.spacingMm.join(" × ")} mm), a smaller clip rectangle or region, or raise the limit`,
  );
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);

function finish(slabs: readonly Slab[], grid: Grid, { arithmetic, holeFilling }: ReconstructionOptions): Volume {
  const voxels = voxelCount(grid);
  const bytes = (size: number): ArrayBufferLike =>
    holeFilling.length > 0 ? new SharedArrayBuffer(voxels * size) : new ArrayBuffer(voxels * size);
  const values = arithmetic === "plus" ? new Uint8Array(bytes(1)) : new Float32Array(bytes(4));
  const weight = new Float32Array(bytes(4));
  for (const slab of slabs) finishSlab(slab, values, weight);
  return { grid, values, weight };
}

async function fill(
  { grid, values, weight }: Volume,
  { holeFilling, arithmetic }: ReconstructionOptions,
  workers: WorkerPool,
): Promise<Volume> {
  const shared = new SharedArrayBuffer(values.byteLength);
  const filled = values instanceof Uint8Array ? new Uint8Array(shared) : new Float32Array(shared);
  const layers = grid.shape[2],
    parts = Math.min(workers.size, layers);
  const jobs = Array.from({ length: parts }, (_, i): FillJob => ({
    shape: grid.shape,
    zBegin: Math.round((i * layers) / parts),
    zEnd: Math.round(((i + 1) * layers) / parts),
    values,
    weight,
    steps: holeFilling,
    likePlus: arithmetic === "plus",
    filled,
  }));
  if (jobs.length === 1) jobs.forEach(fillHoles);
  else
    await workers.map(
      new URL("./fill-holes.worker.ts", import.meta.url),
      jobs.map((data) => ({ data })),
    );
  return { grid, values: filled.slice(), weight: weight.slice() };
}

/** "byte": to the nearest of 0 … 255, halves up. */
function rounded({ grid, values, weight }: Volume, { output }: ReconstructionOptions): Volume {
  if (output === "float" || values instanceof Uint8Array) return { grid, values, weight };
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(values[i]! + 0.5);
  return { grid, values: bytes, weight };
}
