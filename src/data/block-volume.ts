import { type Grid, voxelCount } from "../geometry/grid.ts";
import { BLOCK_EDGE, BLOCK_VOXELS } from "./sparse-volume.ts";

/**
 * Gray values or probabilities in the reference frame, of which only the blocks of 8³ voxels are held that something
 * was seen in; elsewhere value and weight are 0. The blocks at the far sides reach beyond the grid, with zeros.
 */
export interface BlockVolume {
  /** Of all voxels, held or not. */
  readonly grid: Grid;
  /** Number of blocks along x, y, z. */
  readonly blocks: readonly [number, number, number];
  /** Place of each block (x fastest) among the held ones; −1: nothing was seen there. */
  readonly blockAt: Int32Array;
  /** How many blocks are held. */
  readonly count: number;
  /** `BLOCK_VOXELS` voxels a held block, x fastest. */
  readonly values: Uint8Array | Float32Array;
  /** How much was seen in each voxel, pixels; 0 is a hole. */
  readonly weight: Float32Array;
}

export const blocksAlong = (voxels: number): number => Math.ceil(voxels / BLOCK_EDGE);

/** Values of one layer of voxels, x fastest, as in a dense volume. */
export function layerValues({ grid, blocks, blockAt, values }: BlockVolume, z: number): Uint8Array | Float32Array {
  const [nx, ny] = grid.shape,
    [bx, by] = blocks;
  const layer = values instanceof Uint8Array ? new Uint8Array(nx * ny) : new Float32Array(nx * ny);
  for (let y = 0; y < ny; y++) {
    const row = ((z >> 3) * by + (y >> 3)) * bx;
    for (let b = 0; b < bx; b++) {
      const held = blockAt[row + b]!;
      if (held < 0) continue;
      const from = held * BLOCK_VOXELS + ((z & 7) << 6) + ((y & 7) << 3);
      layer.set(values.subarray(from, from + Math.min(BLOCK_EDGE, nx - b * BLOCK_EDGE)), y * nx + b * BLOCK_EDGE);
    }
  }
  return layer;
}

/** Share of the voxels in which something was seen. */
export function seenShare({ grid, weight }: Pick<BlockVolume, "grid" | "weight">): number {
  let seen = 0;
  for (let i = 0; i < weight.length; i++) if (weight[i]! > 0) seen++;
  return seen / voxelCount(grid);
}
