import type { BoneMask } from "../../data/bone-mask.ts";
import { LINEAR_STEPS } from "./insert-exact.kernel.ts";

export interface RidgeBandOptions {
  /** Pixels nearer to the bone than this, along its normal in the image, say how far it is. */
  readonly bandMm: number;
}

/** The distance to the bone is kept as 1 … 255, 128 on the bone. */
export const ZERO_VALUE = 128;
const LARGEST = 127;
/** Distance in mm of one unit of the value. */
export const unitOf = ({ bandMm }: RidgeBandOptions): number => bandMm / LARGEST;

/** Pixels are taken so close that several fall into every voxel that the band passes. */
const PIXELS_PER_VOXEL = 4;
/** The slope of the ridge is taken over this width. */
const TANGENT_MM = 1;

/**
 * Visits the pixels of one frame near its ridge: the position in sixteenths of a voxel (integers), the signed distance
 * to the bone as 1 … 255 and the confidence of the column as 1 … 255. `voxelFromPixel`: row-major 3×4.
 */
export function forBand(
  voxelFromPixel: Readonly<Float64Array>,
  pixelMm: readonly [number, number],
  { ridgeRowPx, ridgeConfidence, width, height }: BoneMask,
  { bandMm }: RidgeBandOptions,
  visit: (x: number, y: number, z: number, value: number, weight: number) => void,
): void {
  const m = voxelFromPixel;
  const across = Math.hypot(m[0]!, m[4]!, m[8]!), down = Math.hypot(m[1]!, m[5]!, m[9]!); // prettier-ignore
  const stepU = Math.max(1, Math.floor(1 / PIXELS_PER_VOXEL / across)),
    stepV = Math.max(1, Math.floor(1 / PIXELS_PER_VOXEL / down));
  const [columnMm, rowMm] = pixelMm,
    half = Math.max(1, Math.round(TANGENT_MM / 2 / columnMm));
  for (let u = stepU >> 1; u < width; u += stepU) {
    const row = ridgeRowPx[u]!, weight = Math.round(255 * Math.min(1, ridgeConfidence[u]!)); // prettier-ignore
    if (!(weight > 0) || Number.isNaN(row)) continue;
    const rowPerMm = LARGEST / bandMm * rowMm / Math.hypot(1, (slopeAt(ridgeRowPx, u, half) * rowMm) / columnMm); // prettier-ignore
    const reach = LARGEST / rowPerMm;
    const first = Math.max(0, Math.ceil(row - reach)), last = Math.min(height - 1, Math.floor(row + reach)); // prettier-ignore
    for (let v = first; v <= last; v += stepV) {
      visit(
        Math.floor((m[0]! * u + m[1]! * v + m[3]!) * LINEAR_STEPS + 0.5),
        Math.floor((m[4]! * u + m[5]! * v + m[7]!) * LINEAR_STEPS + 0.5),
        Math.floor((m[8]! * u + m[9]! * v + m[11]!) * LINEAR_STEPS + 0.5),
        ZERO_VALUE + Math.round((row - v) * rowPerMm),
        weight,
      );
    }
  }
}

/** Rows per column between the outermost columns within `half` that hold bone. */
function slopeAt(ridgeRowPx: Readonly<Float32Array>, u: number, half: number): number {
  let left = u, right = u; // prettier-ignore
  for (let k = 1; k <= half; k++) {
    if (!Number.isNaN(ridgeRowPx[u - k] ?? NaN)) left = u - k;
    if (!Number.isNaN(ridgeRowPx[u + k] ?? NaN)) right = u + k;
  }
  return right > left ? (ridgeRowPx[right]! - ridgeRowPx[left]!) / (right - left) : 0;
}
