import type { BoneMask, BoneMasks } from "../../data/bone-mask.ts";
import type { GrayImage } from "../../data/image.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import type { Insertion } from "./insertion.ts";

export interface BoneInsertionOptions {
  /**
   * Rows below the ridge that still count as observed, so that the probability's lower flank is inserted; what lies
   * deeper is shadow and is not.
   */
  readonly belowRidgePx: number;
  /**
   * Whether a column in which no bone was found says "no bone here" all the way down. Often it means only that the
   * surface was tilted away or that the probe had no contact, so by default it says nothing.
   */
  readonly emptyColumns: "observed" | "unobserved";
  /** Columns count by their ridge's confidence; otherwise all alike. */
  readonly weighColumns: boolean;
}

export const defaultBoneInsertion: BoneInsertionOptions = {
  belowRidgePx: 12,
  emptyColumns: "unobserved",
  weighColumns: true,
};

/** Bone probability in place of the images; use it with the compounding "importance" (or "maximum"). */
export function boneInsertion(
  frames: TrackedFrames,
  { masks }: BoneMasks,
  options: BoneInsertionOptions = defaultBoneInsertion,
): Insertion {
  if (masks.length !== frames.count) throw new Error(`${masks.length} masks for ${frames.count} frames`);
  return {
    frames,
    read: (frame) => probabilityImage(masks[frame]!),
    validRows: (frame) => lastObservedRows(masks[frame]!, options),
    ...(options.weighColumns ? { importance: (frame) => columnImportance(masks[frame]!, options) } : {}),
  };
}

function probabilityImage({ width, height, probability }: BoneMask): GrayImage {
  return { width, height, pixels: probability };
}

/** NaN where the column was not observed, Infinity where it was down to the last row. */
export function lastObservedRows(
  { ridgeRowPx }: BoneMask,
  { belowRidgePx, emptyColumns }: BoneInsertionOptions,
): Float32Array {
  const empty = emptyColumns === "observed" ? Infinity : NaN;
  return ridgeRowPx.map((row) => (Number.isNaN(row) ? empty : row + belowRidgePx));
}

/** The confidence of each column as 0 … 255, the same in all rows; columns without bone count fully if at all. */
function columnImportance({ width, height, ridgeRowPx, ridgeConfidence }: BoneMask, options: BoneInsertionOptions) {
  const empty = options.emptyColumns === "observed" ? 255 : 0;
  const row = Uint8Array.from(ridgeRowPx, (ridge, u) =>
    Number.isNaN(ridge) ? empty : Math.round(255 * Math.min(1, Math.max(0, ridgeConfidence[u]!))),
  );
  const pixels = new Uint8Array(width * height);
  for (let v = 0; v < height; v++) pixels.set(row, v * width);
  return { width, height, pixels };
}
