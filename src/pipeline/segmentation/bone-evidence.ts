import type { WorkingImage } from "./working-image.ts";

/** Below a bone nothing is drawn, so the lines found beneath a candidate speak against it. */
export interface ShadowOptions {
  /** The bright band itself and its tail reach this far below the ridge, mm. */
  readonly gapMm: number;
  /** Depth range beneath the gap over which the shadow is judged, mm. */
  readonly lengthMm: number;
}

/**
 * Mean line strength and mean gray level beneath every cell, over the shadow's length or to the end of the aperture,
 * whichever comes first, and over ± `halfWidthMm` across. NaN where less than a quarter of the length is left.
 */
export function beneath(
  { columns, rows, begin, end }: WorkingImage,
  values: Readonly<Float32Array>,
  cellMm: readonly [number, number],
  { gapMm, lengthMm }: ShadowOptions,
): Float32Array {
  const gap = Math.round(gapMm / cellMm[1]),
    length = Math.round(lengthMm / cellMm[1]);
  const result = new Float32Array(values.length).fill(NaN);
  const sums = new Float64Array(rows + 1);
  for (let i = 0; i < columns; i++) {
    const first = begin[i]!, last = end[i]!, base = i * rows; // prettier-ignore
    for (let j = first; j <= last; j++) sums[j + 1] = (j === first ? 0 : sums[j]!) + values[base + j]!;
    if (first <= last) sums[first] = 0;
    for (let j = first; j <= last; j++) {
      const from = j + gap,
        to = Math.min(last + 1, from + length);
      if (to - from < length / 4) break;
      result[base + j] = (sums[to]! - sums[from]!) / (to - from);
    }
  }
  return result;
}

/**
 * Line height, gray levels, at which a line is as likely to be bone as not, all else equal; and mean line height
 * beneath, likewise. Chosen on the in-vivo recording (bone 30 … 180 over 0.6 … 6, fascia 25 … 200 over 4 … 25).
 */
const EVEN_STRENGTH = 25;
const EVEN_CLUTTER = 4;
/** Beneath which the clutter says no more: rounding to 8 bits alone draws lines of this height. */
const LEAST_CLUTTER = 0.7;
/** Exponents of the two ratios. Clutter tells more: fascia is as bright as bone. */
const STRENGTH_EXPONENT = 0.6;
const CLUTTER_EXPONENT = 1;
/** Neighbouring cells (0.25 mm) see the same speckle over about 0.8 mm, so each counts for a third. */
const INDEPENDENCE = 0.35;

/**
 * How much likelier each cell is with the bone's ridge in it than with no bone in its column. Zero above `minRow`
 * rows from the first echo, outside the aperture, and where too little depth is left to see a shadow.
 */
export function boneLikelihood(
  { columns, rows, begin, end }: WorkingImage,
  strength: Readonly<Float32Array>,
  clutter: Readonly<Float32Array>,
  minRow: number,
): Float64Array {
  const likelihood = new Float64Array(strength.length);
  for (let i = 0; i < columns; i++) {
    for (let j = begin[i]! + minRow; j <= end[i]!; j++) {
      const beneathIt = clutter[i * rows + j]!;
      if (Number.isNaN(beneathIt)) break;
      const bright = Math.max(1, strength[i * rows + j]!) / EVEN_STRENGTH;
      const dark = EVEN_CLUTTER / Math.max(LEAST_CLUTTER, beneathIt);
      likelihood[i * rows + j] = Math.pow(
        Math.pow(bright, STRENGTH_EXPONENT) * Math.pow(dark, CLUTTER_EXPONENT),
        INDEPENDENCE,
      );
    }
  }
  return likelihood;
}
