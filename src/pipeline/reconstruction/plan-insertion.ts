import { UnsuitableInputError } from "../../core/errors.ts";
import { multiply3x4 } from "../../core/rigid.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import { type Grid, indexFromMm } from "../../geometry/grid.ts";
import { type FramePoses, gridFor } from "./auto-grid.ts";
import { crowdingOf } from "./crowding.ts";
import { withinField } from "./field-of-view.ts";
import { type Footprint, footprintOf } from "./footprint.ts";
import type { Insertion } from "./insertion.ts";
import { checkOptions, type ReconstructionOptions } from "./options.ts";
import { type AccumulatorKind, accumulatorKind, type Crowding, needsFolding } from "./slab.ts";

/** What follows from the options and the poses alone, before anything is allocated. */
export interface InsertionPlan {
  readonly options: ReconstructionOptions;
  readonly grid: Grid;
  /** Frames that are inserted, in order; `poses` and `voxelFromPixel` are theirs. */
  readonly chosen: readonly number[];
  readonly poses: FramePoses;
  /** 12 numbers a chosen frame: (column, row, 0) to fractional voxel indices. */
  readonly voxelFromPixel: Float64Array;
  readonly footprint: Footprint;
  readonly crowding: Crowding;
  readonly kind: AccumulatorKind;
  readonly folding: boolean;
  /** Whether every pixel has a weight of its own. */
  readonly needsPlane: boolean;
}

/** Throws an UnsuitableInputError for options that do not fit together. */
export function planInsertion(insertion: Insertion, asked: ReconstructionOptions): InsertionPlan {
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
  const needsPlane = weighted || kind === "weighted";
  return { options, grid, chosen, poses, voxelFromPixel, footprint, crowding, kind, folding, needsPlane };
}

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
