import { UnsuitableInputError } from "../../core/errors.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { GrayImage } from "../../data/image.ts";
import type { StageContext } from "../stage.ts";
import { insertBatch, type InsertJob } from "./insert.kernel.ts";
import type { Insertion } from "./insertion.ts";
import { observedWeights } from "./observed-weight.kernel.ts";
import type { ReconstructionOptions } from "./options.ts";
import type { InsertionPlan } from "./plan-insertion.ts";
import type { Batch, Slab } from "./slab.ts";

/** Pixels that are sent to the workers in one go; two such batches are held, so that reading and inserting overlap. */
const BATCH_BYTES = 32e6;

function framesPerBatch({ width, height, count }: { width: number; height: number; count: number }): number {
  return Math.max(1, Math.min(count, Math.floor(BATCH_BYTES / (width * height))));
}

/** Bytes of the batches that are held at a time, with the weights of their pixels. */
export const batchBytes = ({ poses }: InsertionPlan): number => 4 * framesPerBatch(poses) * poses.width * poses.height;

/** Inserts some of the planned frames, in ascending order, into slabs. */
export type InsertFrames = (positions: readonly number[], slabs: readonly Slab[], second: boolean) => Promise<void>;

/** The memory of the batches belongs to the function that is returned. */
export function frameInserter(insertion: Insertion, plan: InsertionPlan, { workers, log }: StageContext): InsertFrames {
  const { width, height } = insertion.frames;
  const size = framesPerBatch(plan.poses);
  const shared = (): Uint8Array => new Uint8Array(new SharedArrayBuffer(size * width * height));
  const buffers = Array.from({ length: Math.min(2, Math.ceil(plan.chosen.length / size)) }, () => ({
    pixels: shared(),
    weights: plan.needsPlane ? shared() : new Uint8Array(0),
  }));

  /** Reads batch after batch while the workers insert the one before. */
  return async (positions, slabs, second) => {
    let inserting: Promise<void> = Promise.resolve();
    for (let first = 0, turn = 0; first < positions.length; first += size, turn++) {
      const part = positions.slice(first, first + size);
      const { pixels, weights } = buffers[turn % buffers.length]!;
      const frames = part.map((position) => plan.chosen[position]!);
      await readBatch(insertion, plan.options, frames, pixels, weights);
      await inserting;
      const voxelFromPixel = new Float64Array(12 * part.length);
      part.forEach((at, i) => voxelFromPixel.set(plan.voxelFromPixel.subarray(12 * at, 12 * at + 12), 12 * i));
      const { ranges } = plan.footprint;
      const batch: Batch = { count: part.length, width, height, pixels, weights, voxelFromPixel, ranges };
      inserting = insertParts(batch, slabs, plan, second, workers).then(() => {
        log.progress("volume insertion", part.at(-1)! + 1, plan.chosen.length);
      });
      // Reading the next batch may fail while this one is under way: then its own failure must not go unhandled.
      inserting.catch(() => undefined);
    }
    await inserting;
  };
}

async function insertParts(
  batch: Batch,
  slabs: readonly Slab[],
  { crowding }: InsertionPlan,
  second: boolean,
  workers: WorkerPool,
): Promise<void> {
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
