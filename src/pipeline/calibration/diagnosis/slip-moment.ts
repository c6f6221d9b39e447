import { Matrix, solve } from "ml-matrix";
import { PARAMETERS, parameterSteps } from "../spatial/image-model.ts";
import { baseWeights } from "../spatial/refine.ts";
import { residualFunction, residualKinds, residualsPerFrame } from "../spatial/residuals.ts";
import type { JudgedSession } from "../spatial/uncertainty.ts";
import { HUBER, type Supposition } from "./suppose.ts";

/** Fewer frames on one side of a moment say nothing of it. */
const LEAST_FRAMES = 5;

/**
 * The frame from which on a change of `fault` (that acts on all frames alike) explains most, in the linear model around
 * the calibration: far residuals count by Huber's weights. Sums over the frames after each moment are carried along.
 */
export function likeliestMoment(
  { frames, phantom, start, refined }: JudgedSession,
  { steps, expected, undo }: Supposition,
): number {
  const kinds = residualKinds(frames.length, phantom),
    base = baseWeights(refined.scaleMm, kinds, phantom),
    each = residualsPerFrame(phantom);
  const p = refined.parameters,
    evaluate = residualFunction(frames, phantom, start.rotation, p),
    residuals = evaluate(p);
  const slopes = (moved: Float64Array, step: number): Float64Array => moved.map((x, i) => (x - residuals[i]!) / step);
  const columns = [
    ...Array.from({ length: PARAMETERS }, (_, k) => {
      const step = parameterSteps[k]!;
      return slopes(evaluate(p.map((x, j) => (j === k ? x + step : x))), step);
    }),
    ...steps.map((step, k) => {
      const by = steps.map((_, j) => (j === k ? step : 0));
      return slopes(residualFunction(undo(frames, by), phantom, start.rotation, p)(p), step);
    }),
  ];
  const weights = base.map((w, i) => {
    const u = Math.abs(residuals[i]! / refined.scaleMm[kinds[i]!]!);
    return w * Math.min(1, HUBER / u);
  });
  const n = columns.length;
  /** Products of all columns (and of the residuals, last) over one frame, added to `sum`. */
  const add = (frame: number, sum: Float64Array): void => {
    for (let i = frame * each; i < (frame + 1) * each; i++) {
      for (let a = 0; a < n; a++) {
        const left = weights[i]! * columns[a]![i]!;
        for (let b = 0; b < n; b++) sum[a * (n + 1) + b]! += left * columns[b]![i]!;
        sum[a * (n + 1) + n]! += left * residuals[i]!;
      }
    }
  };
  const whole = new Float64Array(n * (n + 1)),
    after = new Float64Array(n * (n + 1));
  for (let f = 0; f < frames.length; f++) add(f, whole);
  let best = frames.length >> 1,
    most = -Infinity;
  for (let from = frames.length - 1; from >= LEAST_FRAMES; from--) {
    add(from, after);
    if (frames.length - from < LEAST_FRAMES) continue;
    const explained = explainedBy(whole, after, n, expected);
    if (explained > most) {
      most = explained;
      best = from;
    }
  }
  return best;
}

/** Fall of the weighted squares when the calibration's numbers act on all frames and the fault's on those after. */
function explainedBy(
  whole: Readonly<Float64Array>,
  after: Readonly<Float64Array>,
  n: number,
  expected: readonly number[],
): number {
  const normal = Matrix.zeros(n, n),
    right = Matrix.zeros(n, 1),
    scale = new Float64Array(n);
  const of = (a: number, b: number): number => (a < PARAMETERS && b < PARAMETERS ? whole : after)[a * (n + 1) + b]!;
  for (let a = 0; a < n; a++) {
    const prior = a < PARAMETERS ? 0 : 1 / expected[a - PARAMETERS]! ** 2;
    scale[a] = 1 / Math.sqrt(of(a, a) + prior);
  }
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) normal.set(a, b, a === b ? 1 : of(a, b) * scale[a]! * scale[b]!);
    right.set(a, 0, (a < PARAMETERS ? whole : after)[a * (n + 1) + n]! * scale[a]!);
  }
  const found = solve(normal, right, true).to1DArray();
  return found.reduce((sum, x, a) => sum + x * right.get(a, 0), 0);
}
