import type { Lattice } from "../lattice.ts";
import { correlate } from "./match.kernel.ts";

/** Sides of a patch, cells: 4.8 mm, about 75 independent speckles of the default probe. */
export const PATCH_CELLS = 24;

/** Where the patches of a lattice lie, side by side over its middle. */
export interface PatchGrid {
  readonly size: number;
  readonly count: number;
  /** First column and row of each patch. */
  readonly u: Int32Array;
  readonly v: Int32Array;
  /** Middle of each patch in the image frame, mm. */
  readonly xMm: Float64Array;
  readonly yMm: Float64Array;
}

export function patchGrid({ columns, rows, cellMm, originMm }: Lattice, size = PATCH_CELLS): PatchGrid {
  const across = Math.floor(columns / size),
    down = Math.floor(rows / size);
  const count = across * down,
    marginU = Math.floor((columns - across * size) / 2),
    marginV = Math.floor((rows - down * size) / 2);
  const u = Int32Array.from({ length: count }, (_, i) => marginU + (i % across) * size),
    v = Int32Array.from({ length: count }, (_, i) => marginV + Math.floor(i / across) * size);
  const middle = (at: Int32Array, axis: 0 | 1): Float64Array =>
    Float64Array.from(at, (cell) => originMm[axis] + (cell + (size - 1) / 2) * cellMm);
  return { size, count, u, v, xMm: middle(u, 0), yMm: middle(v, 1) };
}

/** One picture ready for comparing. */
export interface SpeckleFrame {
  /**
   * What is compared: the fourth root of each cell's power (the logarithm undone, the tails of speckle drawn in) without
   * what lies across the picture in layers, over its local spread.
   */
  readonly root: Float32Array;
  /** 1 where a patch shows enough echo, neither black nor white. */
  readonly usable: Uint8Array;
  /** Mean over standard deviation of the patch's power: 1 for fully developed speckle that was not smoothed. */
  readonly snr: Float64Array;
  /** Correlation of the patch with itself 2 cells further across and down: long where structure is coherent. */
  readonly across: Float64Array;
  readonly down: Float64Array;
}

/**
 * Power p^EXPONENT is compared. On a simulated stroke the spread of single patches' distances (SD of their logarithm, in
 * four ranges of depth) is 0.55 0.60 0.49 0.53 for power, 0.43 0.56 0.42 0.49 for amplitude, 0.37 0.59 0.40 0.47 for its
 * root and 0.37 0.58 0.37 0.46 for the logarithm.
 */
const EXPONENT = 0.25;

/** Gray values that a patch may not be made of: black, and white. */
const BLACK = 12,
  WHITE = 250;
const USABLE_SHARE = 0.8;
const SELF_SHIFT = 2;

/** `cells`: power of the lattice as a logarithm of 8 bits that spans `dynamicRangeDb`. */
export function prepareFrame(
  cells: Uint8Array,
  lattice: Lattice,
  grid: PatchGrid,
  dynamicRangeDb: number,
): SpeckleFrame {
  const { columns } = lattice,
    { size, count } = grid;
  const power = Float64Array.from({ length: 256 }, (_, gray) => 10 ** ((gray * dynamicRangeDb) / 2550));
  const roots = Float32Array.from(power, (p) => p ** EXPONENT);
  const root = withoutLayers(
    Float32Array.from(cells, (gray) => roots[gray]!),
    lattice,
  );
  const usable = new Uint8Array(count),
    snr = new Float64Array(count),
    across = new Float64Array(count),
    down = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let good = 0, sum = 0, squares = 0; // prettier-ignore
    for (let row = 0; row < size; row++) {
      for (let at = (grid.v[i]! + row) * columns + grid.u[i]!, end = at + size; at < end; at++) {
        const gray = cells[at]!,
          p = power[gray]!;
        if (gray > BLACK && gray < WHITE) good++;
        sum += p;
        squares += p * p;
      }
    }
    const n = size * size;
    if (good < USABLE_SHARE * n) continue;
    const mean = sum / n,
      variance = squares / n - mean * mean;
    if (!(variance > 0)) continue;
    usable[i] = 1;
    snr[i] = mean / Math.sqrt(variance);
    across[i] = correlate(root, root, columns, size - SELF_SHIFT, grid.u[i]!, grid.v[i]!, SELF_SHIFT, 0);
    down[i] = correlate(root, root, columns, size - SELF_SHIFT, grid.u[i]!, grid.v[i]!, 0, SELF_SHIFT);
  }
  return { root, usable, snr, across, down };
}

/**
 * Layers of tissue lie across the picture and last for many frames, where speckle lasts for one beam's width: what is
 * alike over 2.2 mm across is taken away, and what is left is brought to one spread, so that no bright line outweighs the
 * speckle around it. On four strokes over thigh and condyle, by which this was chosen, the fall over 0.7 mm at 10 to 20 mm of depth rises from 0.51
 * to 1.05 (the beam's width alone would make it about 1.2), and the spread of single depths' scales over strokes falls
 * from 34 to 27 %.
 */
const ACROSS_CELLS = 5,
  SPREAD_CELLS = [9, 6] as const;

function withoutLayers(root: Float32Array, { columns, rows }: Lattice): Float32Array {
  const mean = boxAcross(root, columns, rows, ACROSS_CELLS);
  const out = root.map((value, at) => value - mean[at]!);
  const squares = boxAcross(
    boxDown(
      out.map((value) => value * value),
      columns,
      rows,
      SPREAD_CELLS[1],
    ),
    columns,
    rows,
    SPREAD_CELLS[0],
  );
  return out.map((value, at) => value / Math.sqrt(squares[at]! + LEAST_SPREAD));
}
const LEAST_SPREAD = 1e-6;

/** Means over 2 · reach + 1 cells, fewer at the ends. */
function boxAcross(values: Float32Array, columns: number, rows: number, reach: number): Float32Array {
  const out = new Float32Array(values.length),
    sums = new Float64Array(columns + 1);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    for (let u = 0; u < columns; u++) sums[u + 1] = sums[u]! + values[at + u]!;
    for (let u = 0; u < columns; u++) {
      const from = Math.max(0, u - reach), to = Math.min(columns, u + reach + 1); // prettier-ignore
      out[at + u] = (sums[to]! - sums[from]!) / (to - from);
    }
  }
  return out;
}

function boxDown(values: Float32Array, columns: number, rows: number, reach: number): Float32Array {
  const out = new Float32Array(values.length),
    sum = new Float64Array(columns);
  let n = 0;
  const add = (row: number, sign: 1 | -1): void => {
    n += sign;
    for (let u = 0, at = row * columns; u < columns; u++) sum[u]! += sign * values[at + u]!;
  };
  for (let row = 0; row < Math.min(reach, rows); row++) add(row, 1);
  for (let row = 0; row < rows; row++) {
    if (row + reach < rows) add(row + reach, 1);
    if (row - reach - 1 >= 0) add(row - reach - 1, -1);
    for (let u = 0, at = row * columns; u < columns; u++) out[at + u] = sum[u]! / n;
  }
  return out;
}
