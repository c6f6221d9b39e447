import { multiply3x4 } from "../../../src/core/rigid.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import { type Grid, indexFromMm, voxelCount } from "../../../src/geometry/grid.ts";
import type { ReconstructionOptions } from "../../../src/pipeline/reconstruction/options.ts";

export interface Weights {
  readonly weight?: (frame: number, u: number, v: number) => number;
}

/**
 * The definition of exact insertion, pixel by pixel with bounds tests, in floating point, no clip and no fan. Positions
 * are rounded to `steps` parts of a voxel for linear.
 */
export async function bruteForce(
  frames: TrackedFrames,
  grid: Grid,
  { interpolation, compounding }: Pick<ReconstructionOptions, "interpolation" | "compounding">,
  { weight = () => 255 }: Weights = {},
  steps = 16,
): Promise<{ values: Float64Array; weight: Float64Array }> {
  const n = voxelCount(grid),
    [nx, ny, nz] = grid.shape;
  const sums = new Float64Array(n),
    weights = new Float64Array(n),
    hits: (readonly [value: number, weight: number])[][] = [];
  for (let frame = 0; frame < frames.count; frame++) {
    const m = multiply3x4(indexFromMm(grid), frames.referenceFromPixel.subarray(frame * 12, frame * 12 + 12));
    const { pixels } = await frames.read(frame);
    for (let i = 0; i < pixels.length; i++) {
      const u = i % frames.width,
        v = Math.floor(i / frames.width);
      const share = weight(frame, u, v);
      if (share === 0) continue;
      const p = [0, 4, 8].map((r) => m[r]! * u + m[r + 1]! * v + m[r + 3]!);
      for (const [x, y, z, w] of interpolation === "nearest" ? nearest(p) : eight(p, steps)) {
        if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
        const voxel = (z * ny + y) * nx + x;
        const value = pixels[i]!;
        if (compounding === "median") {
          (hits[voxel] ??= []).push([value, w]);
          weights[voxel]! += w;
        } else if (compounding === "mean" || compounding === "importance") {
          sums[voxel]! += w * share * value;
          weights[voxel]! += (w * share) / 255;
        } else if (w >= 1 / 8) {
          sums[voxel] = compounding === "latest" ? value : Math.max(value, sums[voxel]!);
          weights[voxel]! += w;
        }
      }
    }
  }
  if (compounding === "mean" || compounding === "importance") {
    for (let i = 0; i < n; i++) sums[i] = weights[i]! > 0 ? sums[i]! / (255 * weights[i]!) : 0;
  }
  hits.forEach((seen, voxel) => (sums[voxel] = median(seen, weights[voxel]!)));
  return { values: sums, weight: weights };

  function median(seen: (readonly [number, number])[], total: number): number {
    let below = 0;
    for (const [value, w] of seen.toSorted((a, b) => a[0] - b[0])) {
      below += w;
      if (2 * below >= total) return value;
    }
    throw new Error("the weights do not add up");
  }

  function nearest(p: readonly number[]): [number, number, number, number][] {
    return [[Math.floor(p[0]! + 0.5), Math.floor(p[1]! + 0.5), Math.floor(p[2]! + 0.5), 1]];
  }

  function eight(p: readonly number[], steps: number): [number, number, number, number][] {
    const q = p.map((x) => Math.floor(x * steps + 0.5) / steps);
    if (q.some((x, d) => x < 0 || x > grid.shape[d]! - 1)) return [];
    const cell = q.map(Math.floor);
    const corners: [number, number, number, number][] = [];
    for (let k = 0; k < 8; k++) {
      const c = [k & 1, (k >> 1) & 1, k >> 2];
      const w = c.reduce((product, side, d) => product * (1 - Math.abs(q[d]! - cell[d]! - side)), 1);
      if (w > 0) corners.push([cell[0]! + c[0]!, cell[1]! + c[1]!, cell[2]! + c[2]!, w]);
    }
    return corners;
  }
}
