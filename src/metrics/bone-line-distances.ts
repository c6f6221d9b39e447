import { type BoneLineFrame, FACING_COSINE, type JudgedColumn } from "./judged-column.ts";

/** Thickness of the bands that are laid around the two lines for Dice, mm. */
const BAND_MM = 1;

/** 2·|A ∩ B| / (|A| + |B|) of bands of even thickness along the beam, over all columns. */
export function bandDice(columns: readonly JudgedColumn[]): number | null {
  let common = 0,
    both = 0;
  for (const { errorMm, isBone, isFound } of columns) {
    both += (isBone ? BAND_MM : 0) + (isFound ? BAND_MM : 0);
    if (isBone && isFound) common += Math.max(0, BAND_MM - Math.abs(errorMm));
  }
  return both > 0 ? (2 * common) / both : null;
}

/** Distances in the image plane, mm. */
export interface LineDistances {
  /** Of each found point to the true line; infinite where the frame has no bone. */
  readonly toTruth: readonly number[];
  /** Of each true point that faces the beam to the found line; infinite where nothing was found. */
  readonly toFound: readonly number[];
}

export function lineDistances({ pixelMm, found, trueRowPx, cosine }: BoneLineFrame): LineDistances {
  const none = new Float32Array(trueRowPx.length).fill(NaN);
  const rows = found?.rowPx ?? none;
  return {
    toTruth: pointsOf(rows, () => true, pixelMm).map((p) => nearest(p, trueRowPx, pixelMm)),
    toFound: pointsOf(trueRowPx, (u) => cosine[u]! > FACING_COSINE, pixelMm).map((p) => nearest(p, rows, pixelMm)),
  };
}

type Point = readonly [u: number, xMm: number, yMm: number];

const pointsOf = (
  rows: Readonly<Float32Array>,
  counts: (u: number) => boolean,
  [columnMm, rowMm]: readonly [number, number],
): Point[] =>
  Array.from(rows, (row, u): Point => [u, u * columnMm, row * rowMm]).filter(
    ([u, , y]) => !Number.isNaN(y) && counts(u),
  );

/** Distance to the nearest point of a line, one a column; looks no further aside than the best so far. */
function nearest([u, x, y]: Point, rows: Readonly<Float32Array>, [columnMm, rowMm]: readonly [number, number]): number {
  let best = Infinity;
  for (let aside = 0; aside < rows.length && aside * columnMm < best; aside++) {
    for (const column of aside === 0 ? [u] : [u - aside, u + aside]) {
      const row = rows[column] ?? NaN;
      if (!Number.isNaN(row)) best = Math.min(best, Math.hypot(column * columnMm - x, row * rowMm - y));
    }
  }
  return best;
}
