import { UnsuitableInputError } from "../../core/errors.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { GrayImage } from "../../data/image.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import type { Volume } from "../../data/volume.ts";
import { type Grid, indexFromMm, voxelCount } from "../../geometry/grid.ts";
import { multiply3x4 } from "../../core/rigid.ts";
import type { Stage, StageContext } from "../stage.ts";
import { type FramePoses, gridFor } from "./auto-grid.ts";
import { crowdingOf } from "./crowding.ts";
import { fillHoles } from "./fill-holes.kernel.ts";
import type { FillJob } from "./fill-job.ts";
import { finishSlab } from "./finish.kernel.ts";
import { withinField } from "./field-of-view.ts";
import { type Footprint, footprintOf } from "./footprint.ts";
import { closeFirstWalk } from "./insert-median.kernel.ts";
import { insertBatch, type InsertJob } from "./insert.kernel.ts";
import { observedWeights } from "./observed-weight.kernel.ts";
import { checkOptions, defaultReconstruction, type ReconstructionOptions } from "./options.ts";
import {
  accumulatorKind,
  allocateSlab,
  type Batch,
  bytesPerVoxel,
  type Crowding,
  needsFolding,
  type Slab,
} from "./slab.ts";
import { balancedLayers } from "./slabs.ts";

/**
 * What goes into the volume: tracked frames, or other images that belong to them, and how much their pixels count.
 * Functions are asked once per inserted frame, in order.
 */
export interface Insertion {
  readonly frames: TrackedFrames;
  /** Images of the frames' size that are inserted in their place: bone probability, a filtered image. */
  readonly read?: (frame: number) => GrayImage | Promise<GrayImage>;
  /**
   * 0 … 255 a pixel, 0: not observed. A weight with the compounding "importance"; for the other kinds only zero or not
   * matters.
   */
  readonly importance?: (frame: number) => GrayImage | Promise<GrayImage>;
  /** 0 … 1; multiplies the importance with the compounding "importance"; for the other kinds only 0 matters. */
  readonly confidence?: (frame: number) => number;
  /**
   * Per column the last row that was observed: pixels beyond it (the shadow below bone) are not inserted. NaN: the
   * column was not observed at all.
   */
  readonly validRows?: (frame: number) => Float32Array | undefined;
}

/** Puts tracked images into a volume. The same bytes for any number of workers. */
export const reconstruct: Stage<Insertion, Volume, ReconstructionOptions> = {
  name: "reconstruction",
  defaults: defaultReconstruction,
  async run(insertion, asked, context) {
    checkOptions(asked);
    checkWeights(insertion, asked);
    const { frames } = insertion;
    const options = withinField(asked, frames.nominalGeometry);
    const grid = gridFor(frames, options);
    const chosen = everyNth(frames, options.skipInterval);
    const poses: FramePoses = { ...sizeOf(frames), count: chosen.length, referenceFromPixel: posesOf(frames, chosen) };
    const voxelFromPixel = toVoxels(poses, grid);
    const footprint = footprintOf(options, frames.width, frames.height);
    const weighted = hasWeights(insertion, options);
    const crowding = crowdingOf(voxelFromPixel, poses, options.interpolation);
    const kind = accumulatorKind(options, weighted, crowding);
    const folding = needsFolding(kind, crowding);
    checkMemory(grid, bytesPerVoxel(kind, folding), options, context.workers.size, poses);

    const bounds = balancedLayers(voxelFromPixel, poses, footprint, grid.shape[2], context.workers.size);
    const slabs = bounds.slice(1).map((zEnd, i) => allocateSlab(kind, options, grid.shape, bounds[i]!, zEnd, folding));
    context.log.debug("reconstruction", { shape: grid.shape, frames: chosen.length, kind, slabs: slabs.length });
    const needsPlane = weighted || kind === "weighted";
    const plan = { slabs, voxelFromPixel, footprint, crowding, needsPlane };
    await insertAll(insertion, options, chosen, { ...plan, second: false }, context);
    if (kind === "median") {
      for (const slab of slabs) if (slab.kind === "median") closeFirstWalk(slab);
      await insertAll(insertion, options, chosen, { ...plan, second: true }, context);
    }

    const volume = finish(slabs, grid, options);
    return options.holeFilling.length === 0
      ? rounded(volume, options)
      : rounded(await fill(volume, options, context.workers), options);
  },
};

const sizeOf = ({ count, width, height }: TrackedFrames) => ({ count, width, height });

function everyNth({ count }: TrackedFrames, interval: number): number[] {
  return Array.from({ length: Math.ceil(count / interval) }, (_, i) => i * interval);
}

function posesOf({ referenceFromPixel: all }: TrackedFrames, chosen: readonly number[]): Float64Array {
  const poses = new Float64Array(chosen.length * 12);
  chosen.forEach((frame, i) => poses.set(all.subarray(frame * 12, frame * 12 + 12), i * 12));
  return poses;
}

function toVoxels({ count, referenceFromPixel }: FramePoses, grid: Grid): Float64Array {
  const voxelFromMm = indexFromMm(grid);
  const all = new Float64Array(count * 12);
  for (let at = 0; at < all.length; at += 12) {
    all.set(multiply3x4(voxelFromMm, referenceFromPixel.subarray(at, at + 12)), at);
  }
  return all;
}

function checkWeights({ importance }: Insertion, { compounding, arithmetic }: ReconstructionOptions): void {
  if (compounding === "importance" && arithmetic === "plus" && !importance) {
    throw new UnsuitableInputError(
      "Reconstruction: compounding by importance in PLUS's way needs an importance image",
      'Give one, or choose "mean"',
    );
  }
}

function hasWeights(insertion: Insertion, { pixelRejectionThreshold }: ReconstructionOptions): boolean {
  const { importance, confidence, validRows } = insertion;
  return Boolean(importance ?? confidence ?? validRows) || pixelRejectionThreshold !== "off";
}

/** Pixels that are sent to the workers in one go; two such batches are held, so that reading and inserting overlap. */
const BATCH_BYTES = 32e6;

function framesPerBatch({ width, height, count }: { width: number; height: number; count: number }): number {
  return Math.max(1, Math.min(count, Math.floor(BATCH_BYTES / (width * height))));
}

function checkMemory(
  grid: Grid,
  accumulatorBytes: number,
  { memoryLimitBytes, holeFilling, output }: ReconstructionOptions,
  workers: number,
  frames: FramePoses,
): void {
  // Values and weights; with filling also the filled values, the search masks with their margins, and the final copies.
  const resultBytes = (holeFilling.length > 0 ? 24 : 8) + (output === "byte" ? 1 : 0);
  const [nx, ny, nz] = grid.shape;
  const ghosts = 2 * workers * nx * ny;
  const voxels = voxelCount(grid);
  const batch = 4 * framesPerBatch(frames) * frames.width * frames.height;
  const needed = (voxels + ghosts) * accumulatorBytes + voxels * resultBytes + batch;
  if (needed <= memoryLimitBytes) return;
  throw new UnsuitableInputError(
    `A volume of ${nx} × ${ny} × ${nz} voxels needs ${gigabytes(needed)} GB, more than the limit of ` +
      `${gigabytes(memoryLimitBytes)} GB`,
    `Use larger voxels (now ${grid.spacingMm.join(" × ")} mm), a smaller clip rectangle or region, or raise the limit`,
  );
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);

interface Plan {
  readonly slabs: readonly Slab[];
  readonly voxelFromPixel: Float64Array;
  readonly footprint: Footprint;
  readonly crowding: Crowding;
  readonly needsPlane: boolean;
  readonly second: boolean;
}

/** Reads batch after batch while the workers insert the one before. */
async function insertAll(
  insertion: Insertion,
  options: ReconstructionOptions,
  chosen: readonly number[],
  plan: Plan,
  { workers, log }: StageContext,
): Promise<void> {
  const { width, height } = insertion.frames;
  const size = framesPerBatch({ width, height, count: chosen.length });
  const shared = (): Uint8Array => new Uint8Array(new SharedArrayBuffer(size * width * height));
  const buffers = Array.from({ length: Math.min(2, Math.ceil(chosen.length / size)) }, () => ({
    pixels: shared(),
    weights: plan.needsPlane ? shared() : new Uint8Array(0),
  }));
  let inserting: Promise<void> = Promise.resolve();
  for (let first = 0, turn = 0; first < chosen.length; first += size, turn++) {
    const part = chosen.slice(first, first + size);
    const { pixels, weights } = buffers[turn % buffers.length]!;
    await readBatch(insertion, options, part, pixels, weights);
    await inserting;
    const batch: Batch = {
      count: part.length,
      width,
      height,
      pixels,
      weights,
      voxelFromPixel: plan.voxelFromPixel.subarray(first * 12, (first + part.length) * 12).slice(),
      ranges: plan.footprint.ranges,
    };
    inserting = insertParts(batch, plan, workers).then(() => {
      log.progress("volume insertion", first + part.length, chosen.length);
    });
    // Reading the next batch may fail while this one is under way: then its own failure must not go unhandled.
    inserting.catch(() => undefined);
  }
  await inserting;
}

async function insertParts(batch: Batch, { slabs, crowding, second }: Plan, workers: WorkerPool): Promise<void> {
  const jobs = slabs.map((slab): InsertJob => ({ slab, batch, perFrame: crowding.perFrame, second }));
  if (workers.size === 1 || jobs.length === 1) jobs.forEach(insertBatch);
  else
    await workers.map(
      new URL("./insert.worker.ts", import.meta.url),
      jobs.map((data) => ({ data })),
    );
}

async function readBatch(
  { frames, read, importance, confidence, validRows }: Insertion,
  { pixelRejectionThreshold, compounding }: ReconstructionOptions,
  part: readonly number[],
  pixels: Uint8Array,
  weights: Uint8Array,
): Promise<void> {
  const { width, height } = frames,
    size = width * height;
  for (const [i, frame] of part.entries()) {
    const image = sized(await (read ? read(frame) : frames.read(frame)), width, height, frame);
    pixels.set(image.pixels, i * size);
    if (weights.length === 0) continue;
    const importanceImage = importance && sized(await importance(frame), width, height, frame).pixels;
    const share = confidence ? clampedShare(confidence(frame), frame) : 1;
    const observed = {
      importance: compounding === "importance" ? importanceImage : importanceImage?.map((w) => (w > 0 ? 255 : 0)),
      confidence: compounding === "importance" ? share : Math.ceil(share),
      validRows: validRows?.(frame),
      rejectBelow: pixelRejectionThreshold === "off" ? -Infinity : pixelRejectionThreshold,
    };
    observedWeights(image.pixels, width, observed, weights.subarray(i * size, i * size + size));
  }
}

function sized(image: GrayImage, width: number, height: number, frame: number): GrayImage {
  if (image.width !== width || image.height !== height || image.pixels.length !== width * height) {
    throw new UnsuitableInputError(
      `Reconstruction: frame ${frame} is ${image.width} × ${image.height}, the others ${width} × ${height}`,
      "Reconstruct frames of one size",
    );
  }
  return image;
}

function clampedShare(confidence: number, frame: number): number {
  if (!(confidence >= 0 && confidence <= 1)) {
    throw new UnsuitableInputError(
      `Reconstruction: the confidence of frame ${frame} is ${confidence}`,
      "Give a number between 0 and 1",
    );
  }
  return confidence;
}

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
