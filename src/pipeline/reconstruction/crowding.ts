import type { FramePoses } from "./auto-grid.ts";
import type { Interpolation } from "./options.ts";
import type { Crowding } from "./slab.ts";

/**
 * Upper bounds for the pixels that land in one voxel, which decide when packed accumulators must be emptied.
 *
 * Nearest: a frame cuts a unit cube in a convex piece of diameter ≤ √3; its rows are at least `apart` voxels from each
 * other and hold at most √3 / step + 1 pixels each.
 *
 * Linear: Σ of a trilinear hat over a lattice. The hat is log-concave, so along a row the sum is at most (integral
 * ≤ 1) / step + (maximum ≤ 1), and the row integrals are again unimodal over the rows: their sum is at most (integral
 * over the plane) / (step · apart) + 1 / step. The integral over a plane is a log-concave density of variance 1/6, so at
 * most √6. The factor covers positions that are rounded to 1/16 voxel (hats wider by 1/32 on each axis).
 */
export function crowdingOf(
  voxelFromPixel: Float64Array,
  { count, width, height }: FramePoses,
  interpolation: Interpolation,
): Crowding {
  let worst = 0;
  for (let at = 0; at < count * 12; at += 12) {
    const m = voxelFromPixel.subarray(at, at + 12);
    const [a, b, c] = [m[0]!, m[4]!, m[8]!],
      [d, e, f] = [m[1]!, m[5]!, m[9]!];
    const step = Math.hypot(a, b, c),
      apart = Math.hypot(b * f - c * e, c * d - a * f, a * e - b * d) / step;
    const bound =
      interpolation === "nearest"
        ? (Math.sqrt(3) / step + 1) * (Math.sqrt(3) / apart + 1)
        : ROUNDED_HAT * (Math.sqrt(6) / (step * apart) + 1 / step + (2 * Math.sqrt(3)) / apart + 1);
    worst = Math.max(worst, Number.isNaN(bound) ? Infinity : bound);
  }
  const perFrame = Math.ceil(Math.min(worst, width * height));
  return { perFrame, total: perFrame * count };
}

/** (33/32)⁵: peak and area of the widened hat. */
const ROUNDED_HAT = (33 / 32) ** 5;
