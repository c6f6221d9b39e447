/** Sums of weighted squares: row-major matrix (its lower triangle) and right side of Gauss-Newton's step. */
export class NormalEquations {
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  readonly n: number;

  /** `ridge`: what the diagonal begins with, for unknowns that nothing holds. */
  constructor(n: number, ridge = 0) {
    this.n = n;
    this.matrix = new Float64Array(n * n);
    this.right = new Float64Array(n);
    for (let i = 0; i < n; i++) this.matrix[i * (n + 1)] = ridge;
  }

  /** A residual r with its derivatives by the first `count` unknowns of `at`, each once: brings r + Σ d·step to 0. */
  add(
    residual: number,
    at: ArrayLike<number>,
    derivative: ArrayLike<number>,
    weight: number,
    count: number = at.length,
  ): void {
    for (let a = 0; a < count; a++) {
      const i = at[a]!, wd = weight * derivative[a]!; // prettier-ignore
      this.right[i]! -= wd * residual;
      for (let b = 0; b < count; b++) if (at[b]! <= i) this.matrix[i * this.n + at[b]!]! += wd * derivative[b]!;
    }
  }

  /** A residual that is an unknown's own value. */
  addDiagonal(i: number, value: number, weight: number): void {
    this.matrix[i * (this.n + 1)]! += weight;
    this.right[i]! -= weight * value;
  }
}
