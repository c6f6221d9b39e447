import type { Grid } from "../geometry/grid.ts";

/** Voxels along an edge of a block. */
export const BLOCK_EDGE = 8;
export const BLOCK_VOXELS = BLOCK_EDGE ** 3;
/** Numbers that a voxel holds: Σ weight · value, Σ weight · value², Σ weight. All are integers. */
export const SUMS_PER_VOXEL = 3;

/**
 * A volume of which only the blocks of 8³ voxels are held that something fell into. Values are signed distances to the
 * bone along the beam, positive on the probe's side, in units of `unitMm`; weights in 4096ths of 1/255 pixel.
 */
export interface SparseVolume {
  /** Of all voxels, held or not. Its shape is a multiple of 8. */
  readonly grid: Grid;
  readonly unitMm: number;
  /** Number of blocks along x, y, z. */
  readonly blocks: readonly [number, number, number];
  /** Place of each block (x fastest) among the held ones; −1: nothing fell into it. */
  readonly blockAt: Int32Array;
  /** How many blocks are held. */
  readonly count: number;
  /** `BLOCK_VOXELS` voxels a held block, x fastest, `SUMS_PER_VOXEL` numbers each. */
  readonly sums: Float64Array;
}

/** One pixel of full confidence, in the unit of the summed weights. */
export const FULL_PIXEL = 255 * 4096;
