/**
 * Inner loops that give the PLUS toolkit's results bit for bit (its "FULL" optimisation; the rules are restated in
 * docs/adr/0003-reconstruction.md). Positions are integers in 2⁻¹⁴ voxels, accumulators are 16 bits with 256 for a
 * full pixel. Arguments as in insert-exact.kernel.ts; `line` holds integers, with half a voxel added for nearest.
 */
import type { Compounding } from "./options.ts";

const POINT = 14;
const ONE = 1 << POINT;
const FULL_PIXEL = 256;
const ACCUMULATOR_MAXIMUM = 65535;
/** Above this one more full pixel would not fit. */
const SATURATED = ACCUMULATOR_MAXIMUM - FULL_PIXEL;
/** A double of this size has units of 2⁻¹⁴, so adding and taking it away rounds to fixed point (ties to even). */
const ROUND_TO_FIXED = 1.5 * 2 ** (52 - POINT);

/** A number as PLUS's fixed-point type keeps it, in units of 2⁻¹⁴. */
export function toFixedPoint(x: number): number {
  return (x + ROUND_TO_FIXED - ROUND_TO_FIXED) * ONE;
}

/** `weights` is the importance image or a mask, or empty. */
export function plusNearest(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, compounding: Compounding, value: Uint8Array, accumulated: Uint16Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0, importance = compounding === "importance" && masked;
  for (let u = begin; u < end; u++) {
    if (masked && weights[row + u]! === 0) continue;
    const voxel =
      ((az + bz * u) >> POINT) * nxy + ((ay + by * u) >> POINT) * nx + ((ax + bx * u) >> POINT) - base;
    const pixel = pixels[row + u]!, old = value[voxel]!;
    if (compounding === "latest" || compounding === "maximum") {
      value[voxel] = compounding === "latest" ? pixel : Math.max(old, pixel);
      accumulated[voxel] = FULL_PIXEL;
      continue;
    }
    const before = accumulated[voxel]!;
    if (before <= SATURATED) {
      const weight = importance ? weights[row + u]! : FULL_PIXEL, after = before + weight;
      value[voxel] = ((pixel * weight + old * before) / after) | 0;
      accumulated[voxel] = after;
    } else {
      value[voxel] = (pixel * (1 / 256) + old * (255 / 256)) | 0;
    }
  }
} // prettier-ignore

/**
 * As plusNearest. The bounds of `line` allow a position on the last voxel: a corner of weight 0 is not touched.
 * The kinds of compounding are told apart inside the loop on purpose: calls through a variable cost twice the time.
 */
export function plusLinear(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, compounding: Compounding, value: Uint8Array, accumulated: Uint16Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0;
  const mean = compounding === "mean", importance = compounding === "importance", latest = compounding === "latest";
  for (let u = begin; u < end; u++) {
    const weight = masked ? weights[row + u]! : 255;
    if (weight === 0) continue;
    const pixel = pixels[row + u]!;
    const x = (ax + bx * u) | 0, y = (ay + by * u) | 0, z = (az + bz * u) | 0;
    const fx = x & (ONE - 1), fy = y & (ONE - 1), fz = z & (ONE - 1);
    const ex = ONE - fx, ey = ONE - fy, ez = ONE - fz;
    const cell = (z >> POINT) * nxy + (y >> POINT) * nx + (x >> POINT) - base;
    const p = times(ey, ez), q = times(fy, ez), r = times(ey, fz), s = times(fy, fz);
    for (let corner = 0; corner < 8; corner++) {
      const side = corner < 4 ? (corner < 2 ? p : q) : corner < 6 ? r : s;
      const f = times(corner & 1 ? fx : ex, side);
      if (f === 0) continue;
      const at = cell + (corner & 1) + (corner & 2 ? nx : 0) + (corner & 4 ? nxy : 0);
      if (mean) meanCorner(at, f, pixel, value, accumulated);
      else if (importance) importanceCorner(at, f, pixel, weight, value, accumulated);
      else if (f >= ONE / 8 && (latest || pixel > value[at]!)) {
        value[at] = pixel;
        accumulated[at] = round(f * FULL_PIXEL);
      }
    }
  }
} // prettier-ignore

/** Product of two fixed-point numbers of at most 1, rounded. */
function times(a: number, b: number): number {
  return (a * b + (ONE >> 1)) >> POINT;
}

/** Quotient of two integers as a fixed-point number. */
function divide(a: number, b: number): number {
  return toFixedPoint(a / b);
}

/** Round to the nearest integer, halves up. */
function round(fixed: number): number {
  return (fixed + (ONE >> 1)) >> POINT;
}

function storeAccumulated(at: number, fixed: number, accumulated: Uint16Array): void {
  accumulated[at] = fixed < ACCUMULATOR_MAXIMUM * ONE ? round(fixed) : ACCUMULATOR_MAXIMUM;
}

function meanCorner(at: number, f: number, pixel: number, value: Uint8Array, accumulated: Uint16Array): void {
  const before = accumulated[at]! << 6; // in full pixels, fixed point
  const after = f + before;
  value[at] = round(divide(f * pixel + before * value[at]!, after));
  storeAccumulated(at, after * FULL_PIXEL, accumulated);
}

function importanceCorner(
  at: number, f: number, pixel: number, weight: number, value: Uint8Array, accumulated: Uint16Array,
): void {
  const before = accumulated[at]! << POINT;
  const after = weight * f + before;
  value[at] = round(divide(pixel * weight * f, after) + divide(before, after) * value[at]!);
  storeAccumulated(at, after, accumulated);
} // prettier-ignore
