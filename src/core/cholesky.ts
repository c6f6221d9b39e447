/** The lower triangle L of a symmetric positive definite matrix A = L·Lᵀ, row-major n×n. */
export interface Cholesky {
  readonly n: number;
  readonly lower: Float64Array;
}

/** `a`: row-major n×n, only its lower triangle is read. Throws a RangeError when it is not positive definite. */
export function cholesky(a: Readonly<Float64Array>, n: number): Cholesky {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j]!;
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else throw new RangeError(`a matrix of ${n} rows is not positive definite (row ${i})`);
    }
  }
  return { n, lower };
}

/** Solves L·y = b. */
export function solveLower({ n, lower }: Cholesky, b: ArrayLike<number>): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * y[k]!;
    y[i] = sum / lower[i * n + i]!;
  }
  return y;
}

/** Solves Lᵀ·x = b. */
export function solveUpper({ n, lower }: Cholesky, b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  return x;
}

/** Solves A·x = b. */
export const solveCholesky = (factor: Cholesky, b: ArrayLike<number>): Float64Array =>
  solveUpper(factor, solveLower(factor, b));
