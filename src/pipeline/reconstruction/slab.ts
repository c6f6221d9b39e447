import { MEDIAN_BINS, type MedianCounts } from "./insert-median.kernel.ts";
import type { Compounding, Interpolation, ReconstructionOptions } from "./options.ts";

/**
 * Layers zBegin … zEnd − 1 of the volume, and what has been inserted into them. Slabs are how work is divided: each is
 * owned by one job, which walks all frames in order, so a voxel sees its pixels in the same order whatever the number
 * of workers. The arrays lie in shared memory and hold `ghost` layers more on both sides and a tail of a row and a bit,
 * so that linear insertion may write all eight corners without a test; what lands there is the neighbour's.
 */
export type Slab = {
  readonly shape: readonly [number, number, number];
  readonly zBegin: number;
  readonly zEnd: number;
  readonly ghost: 0 | 1;
} & Accumulators;

/** The units of each kind are explained where they are written, in the kernels. `sum` … may be empty: never folded. */
export type Accumulators =
  | {
      readonly kind: "mean-nearest";
      readonly packed: Int32Array;
      readonly sum: Uint32Array;
      readonly count: Uint32Array;
    }
  | {
      readonly kind: "mean-linear";
      readonly packed: Float64Array;
      readonly sum: Float64Array;
      readonly weight: Float64Array;
    }
  | { readonly kind: "weighted"; readonly interpolation: Interpolation; readonly sumAndWeight: Float64Array }
  | {
      readonly kind: "chosen";
      readonly interpolation: Interpolation;
      readonly choose: "latest" | "maximum";
      readonly value: Uint8Array;
      readonly weight: Float64Array;
    }
  | ({
      readonly kind: "median";
      readonly interpolation: Interpolation;
    } & MedianCounts)
  | {
      readonly kind: "plus";
      readonly interpolation: Interpolation;
      readonly compounding: Compounding;
      readonly value: Uint8Array;
      readonly accumulated: Uint16Array;
    };

/** Frames that are inserted together. Pixels and weights are `count` images one after the other. */
export interface Batch {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  /** 0: not observed; 255: full weight. Empty when every pixel counts fully. */
  readonly weights: Uint8Array;
  /** Row-major 3×4 a frame: (column, row, 0) to voxel indices. */
  readonly voxelFromPixel: Float64Array;
  /** As in Footprint. */
  readonly ranges: Int32Array;
}

/** Pixels that one frame may put into one voxel, and what all frames together may. */
export interface Crowding {
  readonly perFrame: number;
  readonly total: number;
}

export type AccumulatorKind = Accumulators["kind"];

/** A packed nearest voxel counts to 4095 (12 bits) and a packed linear one holds 1024 full pixels before it is folded. */
export const PACKED_NEAREST_LIMIT = 4095;
export const PACKED_LINEAR_LIMIT = 1024;
/** A folded sum of 8-bit values in 32 bits. */
const FOLDED_NEAREST_LIMIT = Math.floor((2 ** 32 - 1) / 255);

export function accumulatorKind(
  options: ReconstructionOptions,
  weighted: boolean,
  crowding: Crowding,
): AccumulatorKind {
  if (options.arithmetic === "plus") return "plus";
  if (options.compounding === "latest" || options.compounding === "maximum") return "chosen";
  if (options.compounding === "median") return "median";
  if (weighted || options.compounding === "importance") return "weighted";
  if (options.interpolation === "linear") return crowding.perFrame <= PACKED_LINEAR_LIMIT ? "mean-linear" : "weighted";
  const fits = crowding.perFrame <= PACKED_NEAREST_LIMIT && crowding.total <= FOLDED_NEAREST_LIMIT;
  return fits ? "mean-nearest" : "weighted";
}

/** Whether the packed accumulators can overflow over all frames, so that they are emptied on the way. */
export function needsFolding(kind: AccumulatorKind, { total }: Crowding): boolean {
  if (kind === "mean-nearest") return total > PACKED_NEAREST_LIMIT;
  return kind === "mean-linear" && total > PACKED_LINEAR_LIMIT;
}

export function bytesPerVoxel(kind: AccumulatorKind, folding: boolean): number {
  switch (kind) {
    case "mean-nearest":
      return folding ? 12 : 4;
    case "mean-linear":
      return folding ? 24 : 8;
    case "weighted":
      return 16;
    case "chosen":
      return 9;
    case "median":
      return 4 * MEDIAN_BINS + 9;
    case "plus":
      return 3;
  }
}

export function allocateSlab(
  kind: AccumulatorKind,
  { interpolation, compounding }: ReconstructionOptions,
  shape: readonly [number, number, number],
  zBegin: number,
  zEnd: number,
  folding: boolean,
): Slab {
  const ghost = interpolation === "linear" ? 1 : 0;
  const voxels = shape[0] * shape[1] * (zEnd - zBegin + 2 * ghost) + ghost * (shape[0] + 2);
  const bytes = (size: number): SharedArrayBuffer => new SharedArrayBuffer(voxels * size);
  const folded = (size: number): SharedArrayBuffer => new SharedArrayBuffer(folding ? voxels * size : 0);
  const place = { shape, zBegin, zEnd, ghost } as const;
  switch (kind) {
    case "mean-nearest":
      return {
        ...place,
        kind,
        packed: new Int32Array(bytes(4)),
        sum: new Uint32Array(folded(4)),
        count: new Uint32Array(folded(4)),
      };
    case "mean-linear":
      return {
        ...place,
        kind,
        packed: new Float64Array(bytes(8)),
        sum: new Float64Array(folded(8)),
        weight: new Float64Array(folded(8)),
      };
    case "weighted":
      return { ...place, kind, interpolation, sumAndWeight: new Float64Array(bytes(16)) };
    case "chosen":
      return {
        ...place,
        kind,
        interpolation,
        choose: compounding === "latest" ? "latest" : "maximum",
        value: new Uint8Array(bytes(1)),
        weight: new Float64Array(bytes(8)),
      };
    case "median":
      return {
        ...place,
        kind,
        interpolation,
        bins: new Uint32Array(bytes(4 * MEDIAN_BINS)),
        upper: new Uint8Array(bytes(1)),
        below: new Uint32Array(bytes(4)),
        total: new Uint32Array(bytes(4)),
      };
    case "plus":
      return {
        ...place,
        kind,
        interpolation,
        compounding,
        value: new Uint8Array(bytes(1)),
        accumulated: new Uint16Array(bytes(2)),
      };
  }
}
