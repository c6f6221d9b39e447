import { curveAt, distanceOf, fallOf, readCurve, type Curve, type DecorrelationCurves } from "./curves.ts";
import { invertSymmetric3 } from "./fit-in-plane.ts";
import type { PairObservation } from "./observe-pair.ts";
import type { PatchGrid, SpeckleFrame } from "./speckle.ts";

/** Distance out of the plane at (x, y) of the image: tz + fan·y + swing·x, mm and rad, known up to one common sign. */
export interface ElevationMotion {
  readonly tzMm: number;
  readonly fanRad: number;
  readonly swingRad: number;
  readonly sd: readonly [number, number, number];
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

interface Sample {
  readonly x: number;
  readonly y: number;
  readonly fall: number;
  readonly scale: number;
  readonly curve: Curve;
}

/** A hand turns by less than this between two frames, one standard deviation, rad. */
const TURN_SD_RAD = 0.008;
const ROUNDS = 12;
const HUBER = 1.5;
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
  const samples: Sample[] = [];
  for (let i = 0; i < grid.count; i++) {
    if (!pair.found[i]) continue;
    const scale = coherencyScale(curves, earlier, i);
    samples.push({ x: grid.xMm[i]!, y: grid.yMm[i]!, fall: fallOf(pair.peak[i]!), scale, curve: rows[i]! });
  }
  if (samples.length < LEAST_PATCHES) return undefined;
  const distances = samples
    .map(({ fall, scale, curve }) => distanceOf(curves, curve, fall) / scale)
    .sort((a, b) => a - b);
  const middle = distances[distances.length >> 1]!;
  const yMiddle = samples.reduce((sum, { y }) => sum + y, 0) / samples.length;
  const starts = [
    [middle, 0, 0],
    [-yMiddle * (middle / 10), middle / 10, 0],
    [0, 0, middle / 10],
  ] as const;
  const fits = starts.map((start) => descend(samples, curves, [...start], lag));
  const best = fits.reduce((a, b) => (b.cost < a.cost ? b : a));
  const [p0, p1, p2] = best.p as [number, number, number];
  const mean = samples.reduce((sum, { x, y }) => sum + p0 + p1 * y + p2 * x, 0);
  const sign = mean < 0 ? -1 : 1;
  const misfit = Math.max(1e-6, best.cost / samples.length),
    spread = Math.sqrt(Math.max(1, misfit));
  const sd = [0, 1, 2].map((k) => spread * Math.sqrt(Math.max(0, best.inverse[k]![k]!))) as [number, number, number];
  return { tzMm: sign * p0, fanRad: sign * p1, swingRad: sign * p2, sd, misfit, patches: samples.length };
}

interface Descent {
  readonly p: number[];
  readonly cost: number;
  readonly inverse: number[][];
}

/** Levenberg-Marquardt on Huber's loss of (fall − curve(|distance| · scale)) / sd, with the prior on the two turns. */
function descend(samples: readonly Sample[], curves: DecorrelationCurves, start: number[], lag: number): Descent {
  let p = start,
    now = normal(samples, curves, p, lag),
    damping = 1e-2;
  for (let round = 0; round < ROUNDS; round++) {
    const damped = now.a.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) : value)));
    const step = invertSymmetric3(damped).map((row) => row.reduce((sum, value, k) => sum + value * now.b[k]!, 0));
    const tried = p.map((value, k) => value + step[k]!),
      then = normal(samples, curves, tried, lag);
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
  return { p, cost: now.cost, inverse: invertSymmetric3(now.a) };
}

function normal(samples: readonly Sample[], curves: DecorrelationCurves, p: readonly number[], lag: number) {
  const a = [[0, 0, 0], [0, 0, 0], [0, 0, 0]], b = [0, 0, 0]; // prettier-ignore
  let cost = 0;
  for (const { x, y, fall, scale, curve } of samples) {
    const d = p[0]! + p[1]! * y + p[2]! * x,
      at = readCurve(curves, curve, Math.abs(d) * scale);
    const r = (fall - at.fall) / at.sd,
      size = Math.abs(r),
      weight = size > HUBER ? HUBER / size : 1;
    cost += size > HUBER ? HUBER * (2 * size - HUBER) : r * r;
    const slope = ((d < 0 ? -1 : 1) * at.slope * scale) / at.sd;
    const row = [slope, slope * y, slope * x];
    for (let i = 0; i < 3; i++) {
      b[i]! += weight * row[i]! * r;
      for (let j = 0; j < 3; j++) a[i]![j]! += weight * row[i]! * row[j]!;
    }
  }
  for (const k of [1, 2] as const) {
    const precision = 1 / (lag * TURN_SD_RAD) ** 2;
    cost += precision * p[k]! ** 2;
    a[k]![k]! += precision;
    b[k]! -= precision * p[k]!;
  }
  return { a, b, cost };
}
