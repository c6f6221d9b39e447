/** One measurement of the sum of the steps after `from` up to and with `to`. */
export interface WindowSum {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly weight: number;
}

/**
 * Steps 1 … count − 1 that agree best with sums of neighbouring ones: weighted least squares, the graph of lags of one
 * degree of freedom. Entry 0 is 0; a step that nothing measured is 0. Banded Cholesky: the widest window sets the band.
 */
export function solveWindows(count: number, sums: readonly WindowSum[]): Float64Array {
  const band = Math.max(1, ...sums.map(({ from, to }) => to - from));
  /** Lower triangle: entry (i, i − k) at i · band + k. */
  const a = new Float64Array(count * band),
    x = new Float64Array(count);
  for (const { from, to, value, weight } of sums) {
    for (let i = from + 1; i <= to; i++) {
      x[i]! += weight * value;
      for (let j = from + 1; j <= i; j++) a[i * band + (i - j)]! += weight;
    }
  }
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, a[i * band]!);
  const ridge = 1e-9 * largest + 1e-12;
  for (let i = 0; i < count; i++) {
    for (let k = Math.min(i, band - 1); k >= 0; k--) {
      let sum = a[i * band + k]! + (k === 0 ? ridge : 0);
      const j = i - k;
      for (let m = 1; m < band - k && m <= j; m++) sum -= a[i * band + k + m]! * a[j * band + m]!;
      a[i * band + k] = k === 0 ? Math.sqrt(Math.max(ridge, sum)) : sum / a[j * band]!;
    }
  }
  for (let i = 0; i < count; i++) {
    let sum = x[i]!;
    for (let k = 1; k < band && k <= i; k++) sum -= a[i * band + k]! * x[i - k]!;
    x[i] = sum / a[i * band]!;
  }
  for (let i = count - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = 1; k < band && i + k < count; k++) sum -= a[(i + k) * band + k]! * x[i + k]!;
    x[i] = sum / a[i * band]!;
  }
  return x;
}
