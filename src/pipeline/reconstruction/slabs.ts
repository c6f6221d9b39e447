import type { FramePoses } from "./auto-grid.ts";
import type { Footprint } from "./footprint.ts";

/** Pixels are sampled this far apart: enough to see how the work lies over the layers. */
const SAMPLE_STEP = 16;

/**
 * Boundaries [0, …, layers] of at most `parts` runs of z layers with about as many pixels each. Results do not depend
 * on where they lie, only the balance of the workers does.
 */
export function balancedLayers(
  voxelFromPixel: Float64Array,
  { count }: FramePoses,
  { height, ranges }: Footprint,
  layers: number,
  parts: number,
): number[] {
  const pixels = new Float64Array(layers).fill(1e-3); // empty layers cost a little too
  for (let at = 0; at < count * 12; at += 12) {
    const zu = voxelFromPixel[at + 8]!,
      zv = voxelFromPixel[at + 9]!,
      z0 = voxelFromPixel[at + 11]!;
    for (let v = SAMPLE_STEP >> 1; v < height; v += SAMPLE_STEP) {
      for (let part = v * 4; part < v * 4 + 4; part += 2) {
        for (let u = ranges[part]!; u < ranges[part + 1]!; u += SAMPLE_STEP) {
          const z = Math.round(zu * u + zv * v + z0);
          if (z >= 0 && z < layers) pixels[z] = pixels[z]! + 1;
        }
      }
    }
  }
  const total = pixels.reduce((sum, n) => sum + n, 0);
  const bounds = [0];
  let seen = 0;
  for (let z = 0; z < layers - 1 && bounds.length < parts; z++) {
    seen += pixels[z]!;
    if (seen >= (total * bounds.length) / parts) bounds.push(z + 1);
  }
  return [...bounds, layers];
}
