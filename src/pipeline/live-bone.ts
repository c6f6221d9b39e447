import type { SparseVolume } from "../data/sparse-volume.ts";
import type { Grid } from "../geometry/grid.ts";
import { blockGrid, createBlockStore } from "./reconstruction/block-store.ts";
import { defaultFuse, type FuseOptions, insertRidge, type RidgeFrame } from "./reconstruction/fuse-ridges.ts";
import { unitOf } from "./reconstruction/ridge-band.ts";
import { type BlockSurface, createBlockSurfacer } from "./surface/block-surface.ts";
import { weldBlocks } from "./surface/weld-blocks.ts";

export interface LiveBoneOptions extends FuseOptions {
  /** Where bone may come to lie, in the reference frame; what lies outside is left out. */
  readonly grid: Grid;
  /** Standard deviation of the weight with which places speak for their surroundings: about the slices' distance. */
  readonly sigmaMm: number;
}

/** The surface in one block of the volume, new or changed since the last call; undefined where it has gone. */
export interface SurfaceChange {
  /** Stable name of the block: a later change of the same block takes this one's place. */
  readonly block: number;
  readonly surface: BlockSurface | undefined;
}

/** A bone that grows while it is scanned. */
export interface LiveBone {
  readonly volume: SparseVolume;
  /** Adds a frame and its bone. Frames may come in any order: the sums are of integers. */
  insert(frame: RidgeFrame): void;
  /** What has changed since the last call, only near the frames that came since. */
  surfaceChanges(): SurfaceChange[];
  /** The whole surface as of the last `surfaceChanges`. */
  surface(): BlockSurface;
}

/** What the thread of a growing bone is sent: a frame to add, and whether the whole surface is wanted. */
export interface LiveBoneJob {
  /** Another name begins another bone. */
  readonly key: string;
  readonly options: LiveBoneOptions;
  readonly frame?: RidgeFrame;
  readonly whole?: boolean;
}

export interface LiveBoneAnswer {
  readonly changes: readonly SurfaceChange[];
  readonly whole?: BlockSurface;
}

/** Run with a pool of one thread, since the bone grows in it. */
export const liveBoneWorker = new URL("./live-bone.worker.ts", import.meta.url);

export const liveDefaults = { ...defaultFuse, sigmaMm: 1 } as const;

/** A box of `sizeMm` about a place, in voxels of `spacingMm`. */
export function liveGrid(centreMm: readonly [number, number, number], sizeMm: number, spacingMm: number): Grid {
  const n = Math.ceil(sizeMm / spacingMm);
  const origin = (a: 0 | 1 | 2): number => centreMm[a] - (n * spacingMm) / 2;
  return {
    shape: [n, n, n],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [origin(0), origin(1), origin(2)],
  };
}

export function createLiveBone({ grid, sigmaMm, ...fuse }: LiveBoneOptions): LiveBone {
  const store = createBlockStore(blockGrid(grid), { ...fuse, unitMm: unitOf(fuse), expectedBlocks: 256 });
  const { volume } = store;
  const surfacer = createBlockSurfacer(volume, { sigmaMm });
  const surfaces = new Map<number, BlockSurface>();
  const touched = new Set<number>();
  return {
    volume,
    insert(frame) {
      insertRidge(store, frame, fuse, touched);
    },
    surfaceChanges() {
      const changes: SurfaceChange[] = [];
      for (const block of aroundBlocks(touched, volume.blocks)) {
        const surface = surfacer.surfaceOf(block);
        if (!surface && !surfaces.has(block)) continue;
        if (surface) surfaces.set(block, surface);
        else surfaces.delete(block);
        changes.push({ block, surface });
      }
      touched.clear();
      return changes;
    },
    surface: () => weldBlocks([...surfaces.keys()].toSorted((a, b) => a - b).map((block) => surfaces.get(block)!)),
  };
}

/** The blocks and all that touch them: a voxel speaks for places up to a block away. In ascending order. */
export function aroundBlocks(blocks: Iterable<number>, [bx, by, bz]: readonly [number, number, number]): number[] {
  const around = new Set<number>();
  for (const block of blocks) {
    const x = block % bx, y = Math.floor(block / bx) % by, z = Math.floor(block / bx / by); // prettier-ignore
    for (let k = Math.max(0, z - 1); k <= Math.min(bz - 1, z + 1); k++) {
      for (let j = Math.max(0, y - 1); j <= Math.min(by - 1, y + 1); j++) {
        for (let i = Math.max(0, x - 1); i <= Math.min(bx - 1, x + 1); i++) around.add((k * by + j) * bx + i);
      }
    }
  }
  return [...around].toSorted((a, b) => a - b);
}
