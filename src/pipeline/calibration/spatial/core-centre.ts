import type { Image } from "../../../data/image.ts";

/** The patch looked at, in radii of the disc: a wire's echo is up to 2.5 mm wide and 1.2 mm thick. */
const PATCH_RADII = [10, 5] as const;

/** A fainter core is the scanner's noise. */
const LEAST_CORE_GRAY = 4;

/**
 * Centre of a wire's echo without the thin wings and tails that beams and reverberation add: the echo is eroded by a
 * disc of `radiusPx`, and what is left above half of its peak is weighed by its excess. Undefined where nothing is
 * left: no wire is that thin.
 */
export function coreCentre(
  { width, height, pixels }: Image,
  place: readonly [number, number],
  radiusPx: number,
): readonly [number, number] | undefined {
  const u0 = Math.round(place[0]),
    v0 = Math.round(place[1]);
  const left = Math.max(0, u0 - Math.ceil(PATCH_RADII[0] * radiusPx)),
    right = Math.min(width - 1, u0 + Math.ceil(PATCH_RADII[0] * radiusPx)),
    top = Math.max(0, v0 - Math.ceil(PATCH_RADII[1] * radiusPx)),
    bottom = Math.min(height - 1, v0 + Math.ceil(PATCH_RADII[1] * radiusPx));
  const w = right - left + 1,
    h = bottom - top + 1,
    core = new Float32Array(w * h),
    reach = Math.floor(radiusPx);
  let peak = 0,
    peakAt = -1;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let least = pixels[(top + y) * width + left + x]!;
      if (least <= peak / 2) continue; // below the threshold already: its erosion is too
      for (let dy = -reach; dy <= reach && least > 0; dy++) {
        const half = Math.floor(Math.sqrt(radiusPx * radiusPx - dy * dy)),
          row = (Math.min(height - 1, Math.max(0, top + y + dy)) * width) | 0;
        for (let dx = -half; dx <= half; dx++) {
          const value = pixels[row + Math.min(width - 1, Math.max(0, left + x + dx))]!;
          if (value < least) least = value;
        }
      }
      core[y * w + x] = least;
      // The peak must belong to this wire, not to a neighbour at the patch's edge.
      if (least > peak && Math.hypot(left + x - place[0], top + y - place[1]) < 4 * radiusPx) {
        peak = least;
        peakAt = y * w + x;
      }
    }
  }
  return peak < LEAST_CORE_GRAY ? undefined : excessCentre(core, w, peakAt, left, top);
}

function excessCentre(
  core: Float32Array,
  w: number,
  peakAt: number,
  left: number,
  top: number,
): readonly [number, number] {
  const threshold = core[peakAt]! / 2,
    stack = [peakAt];
  let mass = core[peakAt]! - threshold,
    sumU = mass * (peakAt % w),
    sumV = mass * Math.floor(peakAt / w);
  core[peakAt] = 0;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const x = at % w;
    for (const next of [x + 1 < w ? at + 1 : -1, x > 0 ? at - 1 : -1, at + w, at - w]) {
      const value = next >= 0 && next < core.length ? core[next]! : 0;
      if (value <= threshold) continue;
      core[next] = 0; // counted once
      mass += value - threshold;
      sumU += (value - threshold) * (next % w);
      sumV += (value - threshold) * Math.floor(next / w);
      stack.push(next);
    }
  }
  return [left + sumU / mass, top + sumV / mass];
}
