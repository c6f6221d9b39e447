/**
 * A symmetric positive definite matrix whose rows begin late: row i holds its entries from column first[i] to i. Sums of
 * neighbours with a few unknowns that all share, put last, fill little of it.
 */
export interface Skyline {
  readonly n: number;
  readonly first: Int32Array;
  /** Entry (i, j) lies at start[i] + j − first[i]. */
  readonly start: Float64Array;
  readonly values: Float64Array;
}

/** `rows`: the unknowns that each observation touches. */
export function skylineOf(n: number, rows: readonly ArrayLike<number>[]): Skyline {
  const first = Int32Array.from({ length: n }, (_, i) => i);
  for (const row of rows) {
    let least = n;
    for (let k = 0; k < row.length; k++) least = Math.min(least, row[k]!);
    for (let k = 0; k < row.length; k++) first[row[k]!] = Math.min(first[row[k]!]!, least);
  }
  const start = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) start[i + 1] = start[i]! + i - first[i]! + 1;
  return { n, first, start, values: new Float64Array(start[n]!) };
}

/** Adds weight · value · rowᵀrow to the matrix and weight · value · row to the right side. */
export function addObservation(
  { first, start, values }: Skyline,
  right: Float64Array,
  columns: ArrayLike<number>,
  coefficients: ArrayLike<number>,
  value: number,
  weight: number,
): void {
  for (let a = 0; a < columns.length; a++) {
    const i = columns[a]!,
      wa = weight * coefficients[a]!;
    right[i]! += wa * value;
    for (let b = 0; b < columns.length; b++) {
      const j = columns[b]!;
      if (j <= i) values[start[i]! + j - first[i]!]! += wa * coefficients[b]!;
    }
  }
}

/** Replaces the matrix by its Cholesky factor. Throws a RangeError when it is not positive definite. */
export function factorise({ n, first, start, values }: Skyline): void {
  for (let i = 0; i < n; i++) {
    const fi = first[i]!,
      si = start[i]! - fi;
    for (let j = fi; j <= i; j++) {
      const sj = start[j]! - first[j]!;
      let sum = values[si + j]!;
      for (let k = Math.max(fi, first[j]!); k < j; k++) sum -= values[si + k]! * values[sj + k]!;
      if (i !== j) values[si + j] = sum / values[sj + j]!;
      else if (sum > 0) values[si + j] = Math.sqrt(sum);
      else throw new RangeError(`a matrix of ${n} rows is not positive definite (row ${i})`);
    }
  }
}

/** Solves A·x = b with the factor of A. */
export function solveFactorised({ n, first, start, values }: Skyline, b: Readonly<Float64Array>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    const at = start[i]! - first[i]!;
    let sum = x[i]!;
    for (let k = first[i]!; k < i; k++) sum -= values[at + k]! * x[k]!;
    x[i] = sum / values[at + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const at = start[i]! - first[i]!;
    const value = (x[i]! /= values[at + i]!);
    for (let k = first[i]!; k < i; k++) x[k]! -= values[at + k]! * value;
  }
  return x;
}
