import type { Ridges } from "./ridge-filter.ts";
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
 * The strength of every line but those that repeat a brighter one at half their depth with half their slope: the
 * echo that went to and fro once more between bone and probe. They would lighten the bone's shadow, and their own is
 * perfect.
 */
export function withoutRepeats(
  { columns, rows, begin, end }: WorkingImage,
  { strength, slope }: Ridges,
  cellMm: readonly [number, number],
): Float32Array {
  const genuine = Float32Array.from(strength);
  const near = Math.round(REPEAT_WITHIN_MM / cellMm[1]);
  for (let i = 0; i < columns; i++) {
    for (let j = begin[i]!; j <= end[i]!; j++) {
      const at = i * rows + j;
      if (strength[at] === 0) continue;
      const half = begin[i]! + Math.round((j - begin[i]!) / 2);
      for (let k = Math.max(begin[i]!, half - near); k <= Math.min(j - 1, half + near); k++) {
        const source = i * rows + k;
        const doubled = Math.abs(slope[at]! - 2 * slope[source]!) < REPEAT_SLOPE;
        if (doubled && strength[source]! > REPEAT_BRIGHTER * strength[at]!) genuine[at] = 0;
      }
    }
  }
  return genuine;
}

/** A repeat lies at twice the depth within this (of the half depth), has twice the slope within that, and is fainter. */
const REPEAT_WITHIN_MM = 0.4;
const REPEAT_SLOPE = 0.35;
const REPEAT_BRIGHTER = 1.3;

/**
 * Where bone is as likely as not, all else equal: line strength and mean line strength beneath in gray levels, and mean
 * gray beneath as a share of the frame's tissue. Between bone and fascia of the in-vivo recording (strength 30 … 180
 * and 25 … 200, lines beneath 0.6 … 6 and 4 … 25, gray beneath 0.2 … 1 and 0.5 … 1.5).
 */
const EVEN = { strength: 25, linesBeneath: 4.5, grayBeneath: 0.45 } as const;
/** Fascia is as bright as bone: a line brighter than this is no likelier to be bone. */
const STRENGTH_ENOUGH = 60;
/** Less than this is as dark as a display of 8 bits can say. */
const DARKEST = { linesBeneath: 0.7, grayBeneath: 0.1 } as const;
/** Powers of the ratios: a faint line is hardly bone, a bright one a little likelier, and lines beneath tell most. */
const POWER = { faint: 2, bright: 0.6, linesBeneath: 1, grayBeneath: 0.7 } as const;
/** Neighbouring columns of cells (0.25 mm) see the same beam over about 0.8 mm, so each counts for a third. */
const INDEPENDENCE = 0.35;
/** What of the gray beneath all cells is taken for tissue: most lie above some bone, if there is any. */
const TISSUE_PERCENTILE = 0.8;
/** Neighbouring cells have nearly the same gray beneath; every seventeenth is enough (prime: no rhythm with the rows). */
const TISSUE_STRIDE = 17;

/** Gray level of tissue in this frame, from the mean gray beneath its cells; at least that of a dark muscle. */
function tissueGray(grayBeneath: Readonly<Float32Array>): number {
  const known = grayBeneath.filter((value, at) => at % TISSUE_STRIDE === 0 && !Number.isNaN(value)).sort();
  return Math.max(15, known[Math.floor(TISSUE_PERCENTILE * known.length)] ?? 0);
}

/** Mean line strength and mean gray beneath each cell; NaN where too little depth is left. */
export interface Beneath {
  readonly lines: Readonly<Float32Array>;
  readonly gray: Readonly<Float32Array>;
}

/** Rows by which the found row may miss the ridge: within them the ridge counts as met. `refineRidge` finds the peak. */
const SLACK_ROWS = 2;

/**
 * How much likelier each cell is with the bone's ridge in it than with no bone in its column. Zero above `minRow`
 * rows from the first echo, outside the aperture, and where too little depth is left to see a shadow.
 */
export function boneLikelihood(
  { columns, rows, begin, end }: WorkingImage,
  strength: Readonly<Float32Array>,
  shadow: Beneath,
  minRow: number,
): Float64Array {
  const likelihood = new Float64Array(strength.length);
  const tissue = tissueGray(shadow.gray);
  for (let i = 0; i < columns; i++) {
    for (let j = begin[i]! + minRow; j <= end[i]!; j++) {
      const lines = shadow.lines[i * rows + j]!, gray = shadow.gray[i * rows + j]! / tissue; // prettier-ignore
      if (Number.isNaN(lines)) break;
      let strongest = 1;
      for (let k = Math.max(0, j - SLACK_ROWS); k <= Math.min(rows - 1, j + SLACK_ROWS); k++) {
        strongest = Math.max(strongest, strength[i * rows + k]!);
      }
      const bright = Math.log(Math.min(STRENGTH_ENOUGH, strongest) / EVEN.strength);
      const logRatio =
        (bright < 0 ? POWER.faint : POWER.bright) * bright -
        POWER.linesBeneath * Math.log(Math.max(DARKEST.linesBeneath, lines) / EVEN.linesBeneath) -
        POWER.grayBeneath * Math.log(Math.max(DARKEST.grayBeneath, gray) / EVEN.grayBeneath);
      likelihood[i * rows + j] = Math.exp(INDEPENDENCE * logRatio);
    }
  }
  return likelihood;
}
