import { multiply3x4 } from "../../core/rigid.ts";
import type { BoneMask, BoneMasks } from "../../data/bone-mask.ts";
import { BLOCK_EDGE, BLOCK_VOXELS, type SparseVolume, SUMS_PER_VOXEL } from "../../data/sparse-volume.ts";
import { framePose, type TrackedFrames } from "../../data/tracked-frames.ts";
import { type Grid, indexFromMm } from "../../geometry/grid.ts";
import { type BlockStore, blockGrid, checkStore, createBlockStore } from "./block-store.ts";
import { forBand, type RidgeBandOptions, unitOf } from "./ridge-band.ts";

export interface FuseOptions extends RidgeBandOptions {
  readonly memoryLimitBytes: number;
}

export const defaultFuse: FuseOptions = { bandMm: 3, memoryLimitBytes: 2e9 };

/** One frame with its bone. `referenceFromPixel`: 12 numbers, row-major 3×4, mm. */
export interface RidgeFrame {
  readonly referenceFromPixel: Readonly<Float64Array>;
  readonly mask: BoneMask;
}

/**
 * Adds what one frame says of the distance to the bone around its ridge, each pixel shared linearly among the eight
 * voxels around it and weighted by its column's confidence. The sums are of integers, so frames may come in any order.
 * What lies outside the grid is left out. Writes the store; the blocks that were written are added to `touched`.
 */
export function insertRidge(
  store: BlockStore,
  frame: RidgeFrame,
  options: RidgeBandOptions,
  touched: Set<number>,
): void {
  const { volume } = store;
  const [nx, ny, nz] = volume.grid.shape, [bx, by] = volume.blocks; // prettier-ignore
  let block = -1, base = 0, { sums } = volume; // prettier-ignore
  const add = (x: number, y: number, z: number, w: number, value: number): void => {
    const b = ((z >> 3) * by + (y >> 3)) * bx + (x >> 3);
    if (b !== block) {
      block = b;
      touched.add(b);
      base = store.hold(b) * BLOCK_VOXELS;
      sums = volume.sums;
    }
    const at = SUMS_PER_VOXEL * (base + ((z & 7) << 6) + ((y & 7) << 3) + (x & 7));
    sums[at] = sums[at]! + w * value;
    sums[at + 1] = sums[at + 1]! + w * value * value;
    sums[at + 2] = sums[at + 2]! + w;
  };
  visitFrame(volume.grid, frame, options, (x, y, z, value, weight) => {
    const i = x >> 4, j = y >> 4, k = z >> 4; // prettier-ignore
    if (i < 0 || j < 0 || k < 0 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1) return;
    const fx = x & 15, fy = y & 15, fz = z & 15; // prettier-ignore
    for (let corner = 0; corner < 8; corner++) {
      const cx = corner & 1, cy = (corner >> 1) & 1, cz = corner >> 2; // prettier-ignore
      const w = weight * (cx ? fx : 16 - fx) * (cy ? fy : 16 - fy) * (cz ? fz : 16 - fz);
      if (w > 0) add(i + cx, j + cy, k + cz, w, value);
    }
  });
}

function visitFrame(
  grid: Grid,
  { referenceFromPixel, mask }: RidgeFrame,
  options: RidgeBandOptions,
  visit: (x: number, y: number, z: number, value: number, weight: number) => void,
): void {
  const m = referenceFromPixel;
  const pixelMm = [Math.hypot(m[0]!, m[4]!, m[8]!), Math.hypot(m[1]!, m[5]!, m[9]!)] as const;
  forBand(multiply3x4(indexFromMm(grid), m), pixelMm, mask, options, visit);
}

/** How many blocks the frames will fall into; exact. Takes a byte a block of the grid. */
export function countBlocks(frames: Iterable<RidgeFrame>, grid: Grid, options: RidgeBandOptions): number {
  const [nx, ny, nz] = grid.shape, bx = nx / BLOCK_EDGE, by = ny / BLOCK_EDGE; // prettier-ignore
  const seen = new Uint8Array((nx * ny * nz) / BLOCK_VOXELS);
  for (const frame of frames) {
    visitFrame(grid, frame, options, (x, y, z) => {
      const i = x >> 4, j = y >> 4, k = z >> 4; // prettier-ignore
      if (i < 0 || j < 0 || k < 0 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1) return;
      const i1 = x & 15 ? i + 1 : i, j1 = y & 15 ? j + 1 : j, k1 = z & 15 ? k + 1 : k; // prettier-ignore
      for (let c = k >> 3; c <= k1 >> 3; c++) {
        for (let b = j >> 3; b <= j1 >> 3; b++) {
          for (let a = i >> 3; a <= i1 >> 3; a++) seen[(c * by + b) * bx + a] = 1;
        }
      }
    });
  }
  return seen.reduce((sum, s) => sum + s, 0);
}

export function* ridgeFrames(frames: TrackedFrames, { masks }: BoneMasks): Generator<RidgeFrame> {
  for (let f = 0; f < frames.count; f++) yield { referenceFromPixel: framePose(frames, f), mask: masks[f]! };
}

/**
 * All frames in one volume of signed distances. The memory is known before it is allocated: a first walk counts the
 * blocks. Throws when they do not fit.
 */
export function fuseRidges(frames: TrackedFrames, masks: BoneMasks, grid: Grid, options: FuseOptions): SparseVolume {
  const whole = blockGrid(grid);
  checkStore(whole, 0, options);
  const expectedBlocks = countBlocks(ridgeFrames(frames, masks), whole, options);
  const store = createBlockStore(whole, { ...options, unitMm: unitOf(options), expectedBlocks });
  const touched = new Set<number>();
  for (const frame of ridgeFrames(frames, masks)) insertRidge(store, frame, options, touched);
  return store.volume;
}
