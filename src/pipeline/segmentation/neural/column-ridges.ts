/** What the network says of each column of its lattice. */
export interface ColumnRidges {
  /** Row of the surface, in cells from the lattice's first row, sub-cell; NaN where the column shows none. */
  readonly row: Float32Array;
  /** One standard deviation of `row`, cells. */
  readonly sd: Float32Array;
  /** Chance that the surface lies there, 0 … 1. */
  readonly confidence: Float32Array;
}

/** The answer is the part of a column's distribution within this many cells of its highest value. */
const NEAR_CELLS = 3;

/** Mean, spread and mass of each column's distribution around its peak. `surface` is rows of columns. */
export function ridgesOfDistribution(surface: ArrayLike<number>, rows: number, columns: number): ColumnRidges {
  const row = new Float32Array(columns).fill(NaN),
    sd = new Float32Array(columns).fill(NaN),
    confidence = new Float32Array(columns);
  for (let i = 0; i < columns; i++) {
    let peak = 0;
    for (let j = 1; j < rows; j++) if (surface[j * columns + i]! > surface[peak * columns + i]!) peak = j;
    let mass = 0,
      first = 0,
      second = 0;
    for (let j = Math.max(0, peak - NEAR_CELLS); j <= Math.min(rows - 1, peak + NEAR_CELLS); j++) {
      const p = surface[j * columns + i]!;
      mass += p;
      first += p * (j - peak);
      second += p * (j - peak) ** 2;
    }
    if (!(mass > 0)) continue;
    row[i] = peak + first / mass;
    sd[i] = Math.sqrt(Math.max(0, second / mass - (first / mass) ** 2));
    confidence[i] = Math.min(1, mass);
  }
  return { row, sd, confidence };
}

/** Spread of an even distribution over a run of cells. */
const EVEN = 1 / Math.sqrt(12);

/**
 * The surface of a mask: in each column the run of pixels above `threshold` with the largest sum, its upper edge
 * (between the cells, where the value crosses the threshold) or its centre of mass.
 */
export function ridgesOfMask(
  mask: ArrayLike<number>,
  rows: number,
  columns: number,
  { threshold, surfaceAt }: { readonly threshold: number; readonly surfaceAt: "top" | "middle" },
): ColumnRidges {
  const row = new Float32Array(columns).fill(NaN),
    sd = new Float32Array(columns).fill(NaN),
    confidence = new Float32Array(columns);
  for (let i = 0; i < columns; i++) {
    let best = 0;
    for (let j = 0; j < rows;) {
      const begin = j;
      let sum = 0,
        moment = 0,
        highest = 0;
      for (; j < rows && mask[j * columns + i]! >= threshold; j++) {
        const p = mask[j * columns + i]!;
        sum += p;
        moment += p * j;
        highest = Math.max(highest, p);
      }
      if (sum > best) {
        best = sum;
        row[i] = surfaceAt === "middle" ? moment / sum : crossing(mask, columns, i, begin, threshold);
        sd[i] = surfaceAt === "middle" ? (j - begin) * EVEN : 1;
        confidence[i] = Math.min(1, highest);
      }
      j = Math.max(j, begin + 1);
    }
  }
  return { row, sd, confidence };
}

/** Where between `begin − 1` and `begin` the value reaches the threshold. */
function crossing(mask: ArrayLike<number>, columns: number, i: number, begin: number, threshold: number): number {
  if (begin === 0) return 0;
  const above = mask[(begin - 1) * columns + i]!,
    at = mask[begin * columns + i]!;
  return at > above ? begin - (at - threshold) / (at - above) : begin;
}
