import { percentile } from "../core/stats.ts";
import type { GrayImage } from "../data/image.ts";
import { ridgeAt } from "./ultrasound-ridge.ts";

/** Statistics of pictures of a domed bone, alike for recorded and for simulated ones: no truth is used. */

/** Tilt of the ridge, degrees. */
export const TILT_BINS = [
  [0, 8],
  [8, 16],
  [16, 24],
  [24, 32],
  [32, 40],
  [40, 50],
  [50, 60],
] as const;

/** What was read in one column that shows bone. */
export interface BoneColumn {
  readonly tiltDeg: number;
  readonly peakGray: number;
  readonly thicknessMm: number;
  /** Mean gray 2-4 and 5-9 mm below the ridge. */
  readonly shadowGray: readonly [number, number];
}

/** Part of a picture that the scanner fills, and where bone is looked for. */
export interface PictureLayout {
  readonly columns: readonly [from: number, to: number];
  readonly rowMm: number;
  readonly nearestMm: number;
  readonly farthestMm: number;
}

/** A path may climb this many rows from column to column: 71°. */
const STEEPEST_ROWS = 3;
/** Gray that a row of climb costs. */
const CLIMB_COST = 5;
/** A ridge this dark, or hardly brighter than what lies 2-4 mm below it, is no bone. */
const DARKEST_RIDGE = 60;
const LEAST_STEP = 1.8;
const SLOPE_REACH_MM = 1.2;

/**
 * The path from left to right that is brightest, over darkness below (dynamic programming): row of each column of the
 * layout.
 */
export function ridgePath({ pixels, width }: GrayImage, { columns, rowMm, nearestMm, farthestMm }: PictureLayout) {
  const first = Math.round(nearestMm / rowMm),
    rows = Math.round(farthestMm / rowMm) - first,
    count = columns[1] - columns[0];
  const below = Math.round(2 / rowMm);
  const value = (column: number, row: number): number => {
    const at = (first + row) * width + columns[0] + column;
    const here = (pixels[at - width]! + pixels[at]! + pixels[at + width]!) / 3;
    return here - 0.7 * ((pixels[at + below * width]! + pixels[at + 2 * below * width]!) / 2);
  };
  const from = new Int16Array(count * rows);
  let best = Float64Array.from({ length: rows }, (_, row) => value(0, row));
  for (let column = 1; column < count; column++) {
    const next = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      let top = -Infinity;
      for (let step = -STEEPEST_ROWS; step <= STEEPEST_ROWS; step++) {
        const before = best[row + step];
        if (before === undefined || before - CLIMB_COST * Math.abs(step) <= top) continue;
        top = before - CLIMB_COST * Math.abs(step);
        from[column * rows + row] = row + step;
      }
      next[row] = top + value(column, row);
    }
    best = next;
  }
  const path = new Float64Array(count);
  let row = best.indexOf(Math.max(...best));
  for (let column = count - 1; column >= 0; column--) {
    path[column] = first + row;
    row = from[column * rows + row]!;
  }
  return path;
}

const meanGray = ({ pixels, width, height }: GrayImage, column: number, fromRow: number, toRow: number): number => {
  let sum = 0,
    count = 0;
  for (let row = Math.round(fromRow); row <= Math.round(toRow) && row < height; row++, count++) {
    sum += pixels[row * width + column]!;
  }
  return sum / count;
};

/** Every column of the picture that shows bone by its ridge and the shadow below. */
export function boneColumns(image: GrayImage, layout: PictureLayout): readonly BoneColumn[] {
  const path = ridgePath(image, layout),
    { rowMm, columns } = layout,
    reach = Math.round(SLOPE_REACH_MM / rowMm);
  const found: BoneColumn[] = [];
  for (let i = reach; i < path.length - reach; i++) {
    const column = columns[0] + i;
    const ridge = ridgeAt(image, column, path[i]!, rowMm);
    if (!ridge || ridge.gray < DARKEST_RIDGE) continue;
    const below = (fromMm: number, toMm: number): number =>
      meanGray(image, column, ridge.row + fromMm / rowMm, ridge.row + toMm / rowMm);
    const shadowGray = [below(2, 4), below(5, 9)] as const;
    if (ridge.gray < LEAST_STEP * shadowGray[0]) continue;
    let xy = 0, xx = 0; // prettier-ignore
    for (let d = -reach; d <= reach; d++) {
      xy += d * path[i + d]!;
      xx += d * d;
    }
    const tiltDeg = (Math.abs(Math.atan(xy / xx)) * 180) / Math.PI;
    found.push({ tiltDeg, peakGray: ridge.gray, thicknessMm: ridge.thicknessMm, shadowGray });
  }
  return found;
}

/** 10th, 50th and 90th percentile. */
export type Spread = readonly [low: number, middle: number, high: number];

export interface TiltRow {
  readonly tiltDeg: readonly [number, number];
  readonly columns: number;
  readonly peakGray: Spread;
  readonly thicknessMm: Spread;
  readonly shadowNear: Spread;
  readonly shadowFar: Spread;
}

export function byTilt(columns: readonly BoneColumn[]): readonly TiltRow[] {
  return TILT_BINS.map(([from, to]) => {
    const rows = columns.filter(({ tiltDeg }) => tiltDeg >= from && tiltDeg < to);
    const spread = (of: (column: BoneColumn) => number): Spread => {
      const values = rows.map(of);
      return [percentile(values, 0.1), percentile(values, 0.5), percentile(values, 0.9)];
    };
    return {
      tiltDeg: [from, to],
      columns: rows.length,
      peakGray: spread((c) => c.peakGray),
      thicknessMm: spread((c) => c.thicknessMm),
      shadowNear: spread((c) => c.shadowGray[0]),
      shadowFar: spread((c) => c.shadowGray[1]),
    };
  });
}

export const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.97] as const;

/** Gray at QUANTILES of the filled part of a picture below the face, 1 mm to its end. */
export function grayQuantiles(
  { pixels, width, height }: GrayImage,
  { columns, rowMm }: PictureLayout,
): readonly number[] {
  const values: number[] = [];
  for (let row = Math.round(1 / rowMm); row < height; row++) {
    for (let column = columns[0]; column < columns[1]; column++) values.push(pixels[row * width + column]!);
  }
  return QUANTILES.map((q) => percentile(values, q));
}
