import { Matrix, solve } from "ml-matrix";
import { biweight, TUKEY } from "../biweight.ts";
import { PARAMETERS, parameterSteps } from "../spatial/image-model.ts";
import { baseWeights } from "../spatial/refine.ts";
import { residualFunction, residualKinds } from "../spatial/residuals.ts";
import type { JudgedSession } from "../spatial/uncertainty.ts";
import type { WireFrame } from "../spatial/wire-frames.ts";

/** Something that could have gone wrong, as a change of the frames by a few numbers that are zero when it did not. */
export interface Supposition {
  /** How large each number may well be: it is drawn towards zero by this standard deviation. */
  readonly expected: readonly number[];
  /** Numeric derivative steps. */
  readonly steps: readonly number[];
  /** The frames as they would have been without the fault of size `by`. */
  undo(frames: readonly WireFrame[], by: readonly number[]): readonly WireFrame[];
}

export interface Supposed {
  /** Share of the robust misfit that goes away: 0 to 1. */
  readonly gain: number;
  readonly by: readonly number[];
  /** Robust misfit of each residual with the fault undone, 0 to 1, in the order of residuals.ts. */
  readonly misfit: Float64Array;
  /** Of image-model.ts. */
  readonly parameters: Float64Array;
}

/** Huber's constant for 95 % efficiency, in standard deviations. */
export const HUBER = 1.345;
/** The first rounds let far residuals pull, so that a fault of half the frames is found; the last ones do not. */
const HUBER_ROUNDS = 3;
const ROUNDS = 5;

/** Tukey's biweight loss, 0 to 1: what is further off than the constant counts alike. */
const loss = (u: number): number => (Math.abs(u) < 1 ? 1 - (1 - u * u) ** 3 : 1);

/** Misfit of each residual, 0 to 1, in units of the spreads that the calibration found. */
export function misfitOf(
  residuals: Readonly<Float64Array>,
  kinds: Readonly<Uint8Array>,
  scaleMm: JudgedSession["refined"]["scaleMm"],
): Float64Array {
  return Float64Array.from(residuals, (r, i) => loss(r / (scaleMm[kinds[i]!]! * TUKEY)));
}

/** Mean misfit; each kind of residual counts alike. */
export function meanMisfit(misfit: Readonly<Float64Array>, kinds: Readonly<Uint8Array>): number {
  const sum = [0, 0, 0],
    count = [0, 0, 0];
  for (let i = 0; i < misfit.length; i++) {
    sum[kinds[i]!]! += misfit[i]!;
    count[kinds[i]!]!++;
  }
  return (sum[0]! / count[0]! + sum[1]! / count[1]! + sum[2]! / count[2]!) / 3;
}

/** The calibration once more with the fault's size left free: by how much does it fit better? */
export function suppose(session: JudgedSession, supposition: Supposition): Supposed {
  const { frames, phantom, start, refined } = session,
    { scaleMm } = refined;
  const kinds = residualKinds(frames.length, phantom),
    base = baseWeights(scaleMm, kinds, phantom);
  const faults = supposition.steps.length,
    size = PARAMETERS + faults;
  let parameters = Float64Array.from(refined.parameters),
    by: readonly number[] = supposition.steps.map(() => 0);
  const evaluateAt = (p: Readonly<Float64Array>, size: readonly number[]) =>
    residualFunction(supposition.undo(frames, size), phantom, start.rotation, p);
  const before = meanMisfit(misfitOf(evaluateAt(parameters, by)(parameters), kinds, scaleMm), kinds);
  for (let round = 0; round < ROUNDS; round++) {
    const evaluate = evaluateAt(parameters, by),
      residuals = evaluate(parameters);
    const columns = Array.from({ length: size }, (_, k): Float64Array => {
      const step = k < PARAMETERS ? parameterSteps[k]! : supposition.steps[k - PARAMETERS]!;
      const moved =
        k < PARAMETERS
          ? evaluate(parameters.map((p, j) => (j === k ? p + step : p)))
          : evaluateAt(
              parameters,
              by.map((x, j) => (j === k - PARAMETERS ? x + step : x)),
            )(parameters);
      for (let i = 0; i < moved.length; i++) moved[i] = (moved[i]! - residuals[i]!) / step;
      return moved;
    });
    const weights = base.map((w, i) => {
      const u = residuals[i]! / scaleMm[kinds[i]!]!;
      return w * (round < HUBER_ROUNDS ? Math.min(1, HUBER / Math.abs(u)) : biweight(u / TUKEY));
    });
    const move = step(columns, weights, residuals, supposition.expected, by);
    parameters = parameters.map((p, k) => p + move[k]!);
    by = by.map((x, k) => x + move[PARAMETERS + k]!);
  }
  const misfit = misfitOf(evaluateAt(parameters, by)(parameters), kinds, scaleMm);
  return { gain: 1 - meanMisfit(misfit, kinds) / before, by, misfit, parameters };
}

/** One Gauss-Newton step, the fault's numbers drawn towards zero. */
function step(
  columns: readonly Float64Array[],
  weights: Readonly<Float64Array>,
  residuals: Readonly<Float64Array>,
  expected: readonly number[],
  by: readonly number[],
): number[] {
  const n = columns.length,
    normal = Matrix.zeros(n, n),
    right = Matrix.zeros(n, 1);
  for (let a = 0; a < n; a++) {
    const left = columns[a]!.map((x, i) => x * weights[i]!);
    let score = 0;
    for (let i = 0; i < residuals.length; i++) score -= left[i]! * residuals[i]!;
    right.set(a, 0, score);
    for (let b = a; b < n; b++) {
      const other = columns[b]!;
      let sum = 0;
      for (let i = 0; i < residuals.length; i++) sum += left[i]! * other[i]!;
      normal.set(a, b, sum);
      normal.set(b, a, sum);
    }
  }
  expected.forEach((sd, k) => {
    const at = n - expected.length + k;
    normal.set(at, at, normal.get(at, at) + 1 / sd ** 2);
    right.set(at, 0, right.get(at, 0) - by[k]! / sd ** 2);
  });
  // Unit diagonal in between: the numbers are rad, mm, mm a pixel and s.
  const scale = Array.from({ length: n }, (_, k) => 1 / Math.sqrt(normal.get(k, k)));
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) normal.set(a, b, normal.get(a, b) * scale[a]! * scale[b]!);
  for (let a = 0; a < n; a++) right.set(a, 0, right.get(a, 0) * scale[a]!);
  return solve(normal, right, true)
    .to1DArray()
    .map((x, k) => x * scale[k]!);
}
