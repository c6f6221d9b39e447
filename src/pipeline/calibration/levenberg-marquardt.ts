import { Matrix, solve } from "ml-matrix";

export interface LeastSquares {
  readonly parameters: Float64Array;
  readonly cost: number;
  readonly iterations: number;
}

export interface LeastSquaresProblem {
  readonly start: Readonly<Float64Array>;
  /** Step of each parameter for the numeric derivative, in its unit. */
  readonly steps: Readonly<Float64Array>;
  /** Residuals at `parameters`, all of one count. */
  residuals(parameters: Readonly<Float64Array>): Float64Array;
  /** One weight a residual; absent: 1. */
  readonly weights?: Readonly<Float64Array>;
  /** Default 60. */
  readonly mostIterations?: number;
}

const MOST_ITERATIONS = 60;
const CONVERGED = 1e-10;

/** Levenberg (1944) and Marquardt (1963), with central differences. Parameters beyond a few dozen are not meant. */
export function minimiseSquares(problem: LeastSquaresProblem): LeastSquares {
  const { steps, weights, mostIterations = MOST_ITERATIONS } = problem;
  const size = problem.start.length;
  const cost = (r: Readonly<Float64Array>): number => {
    let sum = 0;
    for (let i = 0; i < r.length; i++) sum += (weights ? weights[i]! : 1) * r[i]! * r[i]!;
    return sum;
  };
  let parameters = Float64Array.from(problem.start),
    residuals = problem.residuals(parameters),
    best = cost(residuals),
    damping = 1e-3,
    iterations = 0;
  for (; iterations < mostIterations; iterations++) {
    const { normal, right } = normalEquations(problem, parameters, residuals, steps);
    let improved = 0;
    while (damping < 1e12) {
      const damped = normal.clone();
      for (let k = 0; k < size; k++) damped.set(k, k, damped.get(k, k) * (1 + damping) + 1e-300);
      const step = solve(damped, right, true).to1DArray();
      const next = parameters.map((p, k) => p - step[k]!);
      const nextResiduals = problem.residuals(next),
        nextCost = cost(nextResiduals);
      if (nextCost < best) {
        improved = (best - nextCost) / best;
        parameters = next;
        residuals = nextResiduals;
        best = nextCost;
        damping = Math.max(1e-12, damping / 10);
        break;
      }
      damping *= 10;
    }
    if (improved < CONVERGED) break;
  }
  return { parameters, cost: best, iterations };
}

function normalEquations(
  { residuals: evaluate, weights }: LeastSquaresProblem,
  parameters: Readonly<Float64Array>,
  residuals: Readonly<Float64Array>,
  steps: Readonly<Float64Array>,
): { readonly normal: Matrix; readonly right: Matrix } {
  const size = parameters.length;
  const columns = Array.from({ length: size }, (_, k) => {
    const shifted = (sign: number): Float64Array =>
      evaluate(parameters.map((p, i) => (i === k ? p + sign * steps[k]! : p)));
    const plus = shifted(1),
      minus = shifted(-1);
    for (let i = 0; i < plus.length; i++) plus[i] = (plus[i]! - minus[i]!) / (2 * steps[k]!);
    return plus;
  });
  const normal = Matrix.zeros(size, size),
    right = Matrix.zeros(size, 1);
  for (let a = 0; a < size; a++) {
    const ca = weights ? columns[a]!.map((x, i) => x * weights[i]!) : columns[a]!;
    let r = 0;
    for (let i = 0; i < residuals.length; i++) r += ca[i]! * residuals[i]!;
    right.set(a, 0, r);
    for (let b = a; b < size; b++) {
      const cb = columns[b]!;
      let sum = 0;
      for (let i = 0; i < residuals.length; i++) sum += ca[i]! * cb[i]!;
      normal.set(a, b, sum);
      normal.set(b, a, sum);
    }
  }
  return { normal, right };
}
