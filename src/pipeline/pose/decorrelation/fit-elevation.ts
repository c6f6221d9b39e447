import { curveAt, distanceOf, fallOf, readCurve, type Curve, type DecorrelationCurves } from "./curves.ts";
import { cholesky, solveCholesky, solveLower } from "../../../core/cholesky.ts";
import { elevationEquations, UNKNOWNS, type ElevationProblem, type FallSample } from "./elevation-cost.ts";
import { elevationStarts } from "./elevation-starts.ts";
import type { PairObservation } from "./observe-pair.ts";
import type { PatchGrid, SpeckleFrame } from "./speckle.ts";

/** Distance out of the plane at (x, y) of the image: tz + fan·y + swing·x, mm and rad, known up to one common sign. */
export interface ElevationMotion {
  readonly tzMm: number;
  readonly fanRad: number;
  readonly swingRad: number;
  readonly sd: readonly [number, number, number];
  /** Standard deviation of the distance at the middle of the patches that were found. */
  readonly middleSdMm: number;
  /** Mean squared residual in units of the curves' own spread: 1 where the curves hold. */
  readonly misfit: number;
  /** Patches that it was fitted to. */
  readonly patches: number;
}

/** The curves of each patch of a grid, read once a lag. */
export function curvesOf(curves: DecorrelationCurves, grid: PatchGrid, lag: number): Curve[] {
  return Array.from(grid.yMm, (depth) => curveAt(curves, depth, lag));
}

/** What a patch's distance is multiplied with before the curve is read: below 1 where structure outlasts speckle. */
export function coherencyScale(
  { coherency, typical }: Pick<DecorrelationCurves, "coherency" | "typical">,
  { across, down, snr }: Pick<SpeckleFrame, "across" | "down" | "snr">,
  patch: number,
): number {
  const of = [across[patch]!, down[patch]!, Math.log(Math.max(1e-3, snr[patch]!))];
  const log = of.reduce((sum, value, k) => sum + coherency[k as 0]! * (value - typical[k as 0]!), 0);
  return Math.exp(-Math.min(MOST_COHERENCY, Math.max(-MOST_COHERENCY, log)));
}
const MOST_COHERENCY = 0.7;

/** Starts of least cost that are followed down. */
const DESCENTS = 3;
const ROUNDS = 12;
const LEAST_PATCHES = 4;

/** Maximum likelihood over the patches with the given curves; undefined with too few of them. `lag`: in frames. */
export function fitElevation(
  pair: PairObservation,
  earlier: Omit<SpeckleFrame, "root">,
  grid: PatchGrid,
  curves: DecorrelationCurves,
  rows: readonly Curve[],
  lag: number,
): ElevationMotion | undefined {
  const samples: FallSample[] = [];
  for (let i = 0; i < grid.count; i++) {
    if (!pair.found[i]) continue;
    const scale = coherencyScale(curves, earlier, i);
    samples.push({ x: grid.xMm[i]!, y: grid.yMm[i]!, fall: fallOf(pair.peak[i]!), scale, curve: rows[i]! });
  }
  if (samples.length < LEAST_PATCHES) return undefined;
  const starts = elevationStarts(
    samples.map(({ x, y, fall, scale, curve }) => {
      const read = distanceOf(curves, curve, fall),
        { slope, sd } = readCurve(curves, curve, read);
      return { x, y, distance: read / scale, sharpness: (slope * scale) / sd };
    }),
  );
  const middle = [meanOf(samples, "x"), meanOf(samples, "y")] as const,
    problem = { samples, curves, lag, middle };
  const fits = starts
    .map((start) => Float64Array.of(...start, 0, 0, 0))
    .map((start) => ({ start, cost: elevationEquations(problem, start).cost }))
    .sort((p, q) => p.cost - q.cost)
    .slice(0, DESCENTS)
    .map(({ start }) => descend(problem, start));
  const best = fits.reduce((p, q) => (q.cost < p.cost ? q : p));
  const [p0, p1, p2] = best.p as unknown as [number, number, number];
  const mean = samples.reduce((sum, { x, y }) => sum + p0 + p1 * y + p2 * x, 0);
  const sign = mean < 0 ? -1 : 1;
  const misfit = Math.max(1e-6, best.cost / samples.length),
    spread = Math.sqrt(Math.max(1, misfit));
  const factor = cholesky(best.a, UNKNOWNS);
  /** Standard deviation of what this row makes of the unknowns. */
  const sdOf = (...row: readonly number[]): number => {
    const all = Float64Array.from({ length: UNKNOWNS }, (_, k) => row[k] ?? 0);
    return spread * Math.hypot(...solveLower(factor, all));
  };
  return {
    tzMm: sign * p0,
    fanRad: sign * p1,
    swingRad: sign * p2,
    sd: [sdOf(1), sdOf(0, 1), sdOf(0, 0, 1)],
    middleSdMm: sdOf(1, middle[1], middle[0]),
    misfit,
    patches: samples.length,
  };
}

const meanOf = (samples: readonly FallSample[], axis: "x" | "y"): number =>
  samples.reduce((sum, sample) => sum + sample[axis], 0) / samples.length;

interface Descent {
  readonly p: Float64Array;
  readonly cost: number;
  /** Of the normal equations there. */
  readonly a: Float64Array;
}

/** Levenberg and Marquardt's. */
function descend(problem: ElevationProblem, start: Float64Array): Descent {
  let p = start,
    now = elevationEquations(problem, p),
    damping = 1e-2;
  for (let round = 0; round < ROUNDS; round++) {
    const damped = now.equations.matrix.map((value, at) => (at % (UNKNOWNS + 1) === 0 ? value * (1 + damping) : value));
    const step = solveCholesky(cholesky(damped, UNKNOWNS), now.equations.right);
    const tried = p.map((value, k) => value + step[k]!),
      then = elevationEquations(problem, tried);
    if (then.cost < now.cost) {
      const gain = now.cost - then.cost;
      p = tried;
      now = then;
      damping = Math.max(1e-6, damping / 5);
      if (gain < 1e-5 * now.cost) break;
    } else {
      damping *= 8;
      if (damping > 1e4) break;
    }
  }
  return { p, cost: now.cost, a: now.equations.matrix };
}
