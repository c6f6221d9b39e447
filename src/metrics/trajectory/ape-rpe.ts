import { invert, multiply3x4, rotationAngle } from "../../core/rigid.ts";
import { fitRigid } from "../../geometry/rigid-fit.ts";
import { between, frameCount, fromFirst, poseAt, type Trajectory } from "./trajectory.ts";

/** As the trajectory-evaluation tools print them; `std` over the number of samples. */
export interface ErrorStatistics {
  readonly rmse: number;
  readonly mean: number;
  readonly median: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

export function errorStatistics(errors: readonly number[]): ErrorStatistics {
  const n = errors.length,
    sorted = [...errors].sort((a, b) => a - b);
  const sum = errors.reduce((total, e) => total + e, 0),
    squares = errors.reduce((total, e) => total + e * e, 0);
  const half = Math.floor(n / 2);
  const median = n === 0 ? NaN : n % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  const mean = sum / n;
  const std = Math.sqrt(errors.reduce((total, e) => total + (e - mean) ** 2, 0) / n);
  return { rmse: Math.sqrt(squares / n), mean, median, std, min: sorted[0] ?? NaN, max: sorted[n - 1] ?? NaN };
}

/** How the estimate is laid on the truth before absolute errors are taken. Never scaled. */
export type TrajectoryAlignment = "first-frame" | "se3";

/** Both in the truth's first frame; "se3" fits the positions of all frames in the least-squares sense (Umeyama). */
export function alignTrajectory(
  estimate: Trajectory,
  truth: Trajectory,
  alignment: TrajectoryAlignment,
): Trajectory | { readonly refused: string } {
  const q = fromFirst(estimate);
  if (alignment === "first-frame") return q;
  const p = fromFirst(truth);
  const fit = fitRigid(positions(q), positions(p));
  if (fit.status === "refused") return { refused: fit.reason };
  const fromImage = new Float64Array(q.fromImage.length);
  for (let i = 0; i < frameCount(q); i++) fromImage.set(multiply3x4(fit.m, poseAt(q, i)), 12 * i);
  return { fromImage };
}

/** Origins of the frames, interleaved xyz, mm. */
function positions(trajectory: Trajectory): Float64Array {
  const all = new Float64Array(3 * frameCount(trajectory));
  for (let i = 0; i < frameCount(trajectory); i++) {
    for (let k = 0; k < 3; k++) all[3 * i + k] = trajectory.fromImage[12 * i + 4 * k + 3]!;
  }
  return all;
}

export interface AbsoluteErrors {
  readonly translationMm: ErrorStatistics;
  readonly rotationDeg: ErrorStatistics;
}

/** Absolute pose error: E = truth⁻¹ estimate; its translation is the distance of the origins (evo's APE, rpg's ATE). */
export function absoluteErrors(aligned: Trajectory, truth: Trajectory): AbsoluteErrors {
  const p = fromFirst(truth);
  const errors = Array.from({ length: frameCount(p) }, (_, i) =>
    multiply3x4(invert({ m: poseAt(p, i) }).m, poseAt(aligned, i)),
  );
  return parts(errors);
}

/** Relative pose error over `delta` frames: E = (Q⁻¹ᵢ Qᵢ₊d)⁻¹ (P⁻¹ᵢ Pᵢ₊d), all pairs or one after the other. */
export function relativeErrors(
  estimate: Trajectory,
  truth: Trajectory,
  { delta, pairs }: { readonly delta: number; readonly pairs: "all" | "consecutive" },
): AbsoluteErrors {
  const errors: Float64Array[] = [];
  for (let i = 0; i + delta < frameCount(truth); i += pairs === "all" ? 1 : delta) {
    errors.push(multiply3x4(invert({ m: between(truth, i, i + delta) }).m, between(estimate, i, i + delta)));
  }
  return parts(errors);
}

/**
 * Relative pose error over `deltaMm` of the true path. "all": from every frame to the one whose path is nearest to it,
 * where it is no farther off than `toleranceMm`; "consecutive": from mark to mark, a mark being the frame at which the path
 * since the last one has reached it (evo's filter by path; pairs are of the truth). null without a pair.
 */
export function relativeErrorsByPath(
  estimate: Trajectory,
  truth: Trajectory,
  {
    deltaMm,
    toleranceMm,
    pairs,
  }: { readonly deltaMm: number; readonly toleranceMm: number; readonly pairs: "all" | "consecutive" },
): AbsoluteErrors | null {
  const way = ways(truth);
  const chosen = pairs === "all" ? allPairs(way, deltaMm, toleranceMm) : consecutivePairs(way, deltaMm);
  if (chosen.length === 0) return null;
  return parts(chosen.map(([i, j]) => multiply3x4(invert({ m: between(truth, i, j) }).m, between(estimate, i, j))));
}

type Pair = readonly [from: number, to: number];

function allPairs(way: readonly number[], deltaMm: number, toleranceMm: number): Pair[] {
  return way.slice(0, -1).flatMap((start, i): Pair[] => {
    const j = nearest(way, start + deltaMm, i);
    return Math.abs(way[j]! - start - deltaMm) <= toleranceMm ? [[i, j]] : [];
  });
}

function consecutivePairs(way: readonly number[], deltaMm: number): Pair[] {
  const marks: number[] = [];
  let since = 0;
  for (let i = 0; i < way.length; i++) {
    since += i === 0 ? 0 : way[i]! - way[i - 1]!;
    if (since < deltaMm) continue;
    marks.push(i);
    since = 0;
  }
  return marks.slice(1).map((to, k) => [marks[k]!, to]);
}

function parts(errors: readonly Float64Array[]): AbsoluteErrors {
  return {
    translationMm: errorStatistics(errors.map((e) => Math.hypot(e[3]!, e[7]!, e[11]!))),
    rotationDeg: errorStatistics(errors.map((e) => (rotationAngle(e) * 180) / Math.PI)),
  };
}

/** Errors over stretches of a share of the whole path: as rpg_trajectory_evaluation, in mm and per cent of the stretch. */
export interface StretchErrors {
  readonly share: number;
  readonly lengthMm: number;
  readonly translationMm: ErrorStatistics;
  readonly translationPercent: ErrorStatistics;
  readonly rotationDeg: ErrorStatistics;
}

/** A stretch ends at the frame whose path is nearest to its length, within this share of it. */
const STRETCH_TOLERANCE = 0.2;

export function stretchErrors(
  estimate: Trajectory,
  truth: Trajectory,
  shares: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5],
): StretchErrors[] {
  const way = ways(truth),
    total = way[way.length - 1]!;
  return shares.map((share) => {
    const lengthMm = share * total;
    const errors: Float64Array[] = [];
    for (let i = 0; i < way.length; i++) {
      const j = nearest(way, way[i]! + lengthMm, i);
      if (j < 0 || Math.abs(way[j]! - way[i]! - lengthMm) > STRETCH_TOLERANCE * lengthMm) continue;
      errors.push(multiply3x4(invert({ m: between(truth, i, j) }).m, between(estimate, i, j)));
    }
    const { translationMm, rotationDeg } = parts(errors);
    const percent = errors.map((e) => (100 * Math.hypot(e[3]!, e[7]!, e[11]!)) / lengthMm);
    return { share, lengthMm, translationMm, translationPercent: errorStatistics(percent), rotationDeg };
  });
}

function ways(trajectory: Trajectory): number[] {
  const p = positions(trajectory),
    way = [0];
  for (let i = 1; 3 * i < p.length; i++) {
    const step = Math.hypot(p[3 * i]! - p[3 * i - 3]!, p[3 * i + 1]! - p[3 * i - 2]!, p[3 * i + 2]! - p[3 * i - 1]!);
    way.push(way[i - 1]! + step);
  }
  return way;
}

function nearest(way: readonly number[], target: number, from: number): number {
  let best = -1;
  for (let j = from + 1; j < way.length; j++) {
    if (best < 0 || Math.abs(way[j]! - target) < Math.abs(way[best]! - target)) best = j;
  }
  return best;
}
