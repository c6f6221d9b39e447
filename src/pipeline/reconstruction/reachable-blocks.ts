import { blocksAlong } from "../../data/block-volume.ts";
import { BLOCK_EDGE } from "../../data/sparse-volume.ts";
import type { Footprint } from "./footprint.ts";
import type { Insertion } from "./insertion.ts";
import type { InsertionPlan } from "./plan-insertion.ts";

/** Pixels are looked at no farther apart than this many voxels. */
const STEP_VOXELS = 1;
/** A pixel between those that are looked at lies within 0.71 of a voxel of one of them; linear insertion reaches 1 on. */
const REACH_VOXELS = 0.71 + 1;

/** Where the frames may put something: 1 for every block of 8³ voxels (x fastest) that some observed pixel may reach. */
export interface ReachableBlocks {
  readonly reached: Uint8Array;
  readonly count: number;
  /** First and last layer of voxels that each planned frame reaches; the first beyond the last for none. */
  readonly layers: Int32Array;
}

/** Walks the pixels once, without their values. Never too few blocks; up to about a third too many. */
export function reachableBlocks({ validRows }: Insertion, plan: InsertionPlan): ReachableBlocks {
  const { grid, chosen, voxelFromPixel, footprint } = plan;
  const [u0, u1, v0, v1] = boundsOf(footprint);
  const [nx, ny, nz] = grid.shape, bx = blocksAlong(nx), by = blocksAlong(ny), bz = blocksAlong(nz); // prettier-ignore
  const reached = new Uint8Array(bx * by * bz);
  const layers = new Int32Array(2 * chosen.length);
  const block = (voxel: number): number => Math.floor(voxel / BLOCK_EDGE);
  chosen.forEach((frame, at) => {
    const m = voxelFromPixel.subarray(12 * at, 12 * at + 12);
    const rows = validRows?.(frame);
    const stepU = Math.max(1, Math.floor(STEP_VOXELS / Math.hypot(m[0]!, m[4]!, m[8]!))),
      stepV = Math.max(1, Math.floor(STEP_VOXELS / Math.hypot(m[1]!, m[5]!, m[9]!)));
    let first = nz, last = -1; // prettier-ignore
    for (let v = v0; v < v1 + stepV; v += stepV) {
      const row = Math.min(v, v1);
      for (let u = u0; u < u1 + stepU; u += stepU) {
        const column = Math.min(u, u1);
        // A column may be shadowed where its neighbour between two steps is not: the deepest of them counts.
        if (rows && !(row - stepV <= deepest(rows, column, stepU))) continue;
        const x = m[0]! * column + m[1]! * row + m[3]!,
          y = m[4]! * column + m[5]! * row + m[7]!,
          z = m[8]! * column + m[9]! * row + m[11]!;
        const z0 = Math.max(0, Math.floor(z - REACH_VOXELS)), z1 = Math.min(nz - 1, Math.ceil(z + REACH_VOXELS)); // prettier-ignore
        if (z1 < z0) continue;
        const i0 = Math.max(0, block(x - REACH_VOXELS)), i1 = Math.min(bx - 1, block(x + REACH_VOXELS)); // prettier-ignore
        const j0 = Math.max(0, block(y - REACH_VOXELS)), j1 = Math.min(by - 1, block(y + REACH_VOXELS)); // prettier-ignore
        if (i1 < i0 || j1 < j0) continue;
        first = Math.min(first, z0);
        last = Math.max(last, z1);
        for (let k = block(z0); k <= block(z1); k++) {
          for (let j = j0; j <= j1; j++) {
            for (let i = i0; i <= i1; i++) reached[(k * by + j) * bx + i] = 1;
          }
        }
      }
    }
    layers[2 * at] = first;
    layers[2 * at + 1] = last;
  });
  let count = 0;
  for (let b = 0; b < reached.length; b++) count += reached[b]!;
  return { reached, count, layers };
}

/** First and last column and row that take part in the insertion: [u0, u1, v0, v1]. */
function boundsOf({ ranges, width, height }: Footprint): [number, number, number, number] {
  let u0 = width, u1 = -1, v0 = height, v1 = -1; // prettier-ignore
  for (let v = 0; v < height; v++) {
    for (let part = 4 * v; part < 4 * v + 4; part += 2) {
      const begin = ranges[part]!, end = ranges[part + 1]!; // prettier-ignore
      if (begin >= end) continue;
      u0 = Math.min(u0, begin);
      u1 = Math.max(u1, end - 1);
      v0 = Math.min(v0, v);
      v1 = v;
    }
  }
  return [u0, u1, v0, v1];
}

/** Of the columns within `step` the deepest row that was observed; NaN when none was. */
function deepest(rows: Readonly<Float32Array>, column: number, step: number): number {
  let most = NaN;
  for (let u = Math.max(0, column - step); u <= Math.min(rows.length - 1, column + step); u++) {
    const row = rows[u]!;
    if (!(row <= most) && !Number.isNaN(row)) most = row;
  }
  return most;
}
