import { UnsuitableInputError } from "../../core/errors.ts";
import { BLOCK_EDGE, BLOCK_VOXELS, SUMS_PER_VOXEL, type SparseVolume } from "../../data/sparse-volume.ts";
import type { Grid } from "../../geometry/grid.ts";

const BLOCK_BYTES = BLOCK_VOXELS * SUMS_PER_VOXEL * 8;

/** Blocks that come when something falls into them. */
export interface BlockStore {
  /** What is held at this moment; a view, which later insertions change. */
  readonly volume: SparseVolume;
  /** Place of block `block` among the held ones; it is made if need be. */
  hold(block: number): number;
}

export interface BlockStoreOptions {
  readonly unitMm: number;
  readonly memoryLimitBytes: number;
  /** Room for so many blocks is made at once; more make it double. */
  readonly expectedBlocks: number;
}

/** The grid with its shape rounded up to whole blocks. */
export function blockGrid({ shape, spacingMm, originMm }: Grid): Grid {
  const whole = (n: number): number => Math.ceil(n / BLOCK_EDGE) * BLOCK_EDGE;
  return { shape: [whole(shape[0]), whole(shape[1]), whole(shape[2])], spacingMm, originMm };
}

/** Bytes that a store with so many blocks takes, its index included. */
export function storeBytes({ shape }: Grid, blocks: number): number {
  return blocks * BLOCK_BYTES + 4 * Math.ceil((shape[0] * shape[1] * shape[2]) / BLOCK_VOXELS);
}

/** Throws, before anything is allocated, when so many blocks do not fit. */
export function checkStore(
  grid: Grid,
  blocks: number,
  { memoryLimitBytes }: Pick<BlockStoreOptions, "memoryLimitBytes">,
): void {
  const needed = storeBytes(grid, blocks);
  if (needed <= memoryLimitBytes) return;
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
  throw new UnsuitableInputError(
    `Reconstruction: ${blocks} blocks of 8 × 8 × 8 voxels of ${grid.spacingMm[0]} mm in a grid of ` +
      `${grid.shape.join(" × ")} need ${gigabytes(needed)} GB, more than the limit of ${gigabytes(memoryLimitBytes)} GB`,
    "Use larger voxels, a narrower band around the bone, a region of the knee, or raise the limit",
  );
}

export function createBlockStore(grid: Grid, options: BlockStoreOptions): BlockStore {
  const [bx, by, bz] = grid.shape.map((n) => n / BLOCK_EDGE) as [number, number, number];
  if (![bx, by, bz].every(Number.isInteger)) throw new Error(`a grid of ${grid.shape.join(" × ")} is not whole blocks`);
  checkStore(grid, options.expectedBlocks, options);
  const blockAt = new Int32Array(bx * by * bz).fill(-1);
  let count = 0,
    sums = new Float64Array(options.expectedBlocks * BLOCK_VOXELS * SUMS_PER_VOXEL);
  return {
    volume: {
      grid,
      unitMm: options.unitMm,
      blocks: [bx, by, bz],
      blockAt,
      get count() {
        return count;
      },
      get sums() {
        return sums;
      },
    },
    hold(block) {
      const known = blockAt[block]!;
      if (known >= 0) return known;
      const room = sums.length / (BLOCK_VOXELS * SUMS_PER_VOXEL);
      if (count === room) {
        const more = Math.max(64, 2 * room);
        checkStore(grid, more, options);
        const larger = new Float64Array(more * BLOCK_VOXELS * SUMS_PER_VOXEL);
        larger.set(sums);
        sums = larger;
      }
      return (blockAt[block] = count++);
    },
  };
}
