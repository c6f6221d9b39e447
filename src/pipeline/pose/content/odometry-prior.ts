import { difference, relative } from "../graph/pose-graph.ts";
import { correctedPose, type CorrectionSpline } from "./correction-spline.ts";

/**
 * How odometry errs: the error of each mm of its way (shift along the image's x, y, z in mm, turn about them in rad) is a
 * stationary process (Ornstein–Uhlenbeck) with these SDs, and is forgotten over `lengthMm` of way. A wrong scale, or a
 * bend, is such an error that lasts.
 */
export interface OdometryErrors {
  readonly sdPerMm: readonly number[];
  readonly lengthMm: number;
}

/** SD at the end of a way of an error that has the SD 1 per mm of it: what `sdPerMm` is divided by to state an end. */
export function endSd(wayMm: number, lengthMm: number): number {
  const a = wayMm / lengthMm;
  return lengthMm * Math.sqrt(Math.max(0, 2 * (a - 1 + Math.exp(-a))));
}

/** Residuals of unit variance with their derivatives by the control values (6 · controls numbers a residual). */
export interface PriorResiduals {
  readonly residual: Float64Array;
  readonly jacobian: Float64Array;
}

/** Two stretches a knot, so that no wave of the spline is free. */
const STRETCHES_PER_CONTROL = 2;
const LEAST_WAY_MM = 0.05;
const NUDGE = 1e-5;

/** What the corrected motion differs from odometry's by, as residuals of the process at the control values `x`. */
export function priorResiduals(
  spline: CorrectionSpline,
  { sdPerMm, lengthMm }: OdometryErrors,
  x: Readonly<Float64Array>,
): PriorResiduals {
  const frames = stretchEnds(spline);
  const stretches = frames.length - 1,
    unknowns = 6 * spline.controls;
  const wayMm = frames.map((f, k) => (k === 0 ? 0 : Math.max(LEAST_WAY_MM, spline.wayMm[f]! - spline.wayMm[frames[k - 1]!]!))); // prettier-ignore
  const was = frames
    .slice(1)
    .map((f, k) => relative(poseAt(spline.fromImage, frames[k]!), poseAt(spline.fromImage, f)));
  const ratesFrom = (at: Readonly<Float64Array>, from: number, to: number): Float64Array[] => {
    const poses = frames.slice(from, to + 1).map((f) => correctedPose(spline, at, f));
    return poses.slice(1).map((pose, k) => {
      const way = wayMm[from + k + 1]!;
      return Float64Array.from(difference(was[from + k]!, relative(poses[k]!, pose), spline.centreMm), (d, axis) => d / (sdPerMm[axis]! * way)); // prettier-ignore
    });
  };
  const rates = ratesFrom(x, 0, stretches);
  // Derivatives of the rates first: each depends on the control values around it alone.
  const slope = new Float64Array(6 * stretches * unknowns);
  const moved = Float64Array.from(x);
  for (let u = 0; u < unknowns; u++) {
    const [from, to] = touchedBy(spline, Math.floor(u / 6), frames);
    if (to <= from) continue;
    moved[u] = x[u]! + NUDGE;
    ratesFrom(moved, from, to).forEach((rate, k) =>
      rate.forEach((value, axis) => {
        slope[(6 * (from + k) + axis) * unknowns + u] = (value - rates[from + k]![axis]!) / NUDGE;
      }),
    );
    moved[u] = x[u]!;
  }
  const residual = new Float64Array(6 * stretches),
    jacobian = new Float64Array(slope.length);
  for (let k = 0; k < stretches; k++) {
    // A stretch that is long against the memory is a new draw; a short one goes on as the last did.
    const keep = k === 0 ? 0 : Math.exp(-(wayMm[k]! + wayMm[k + 1]!) / 2 / lengthMm),
      scale = 1 / Math.sqrt(1 - keep * keep);
    for (let axis = 0; axis < 6; axis++) {
      const at = 6 * k + axis;
      residual[at] = scale * (rates[k]![axis]! - (k > 0 ? keep * rates[k - 1]![axis]! : 0));
      for (let u = 0; u < unknowns; u++) {
        const before = k > 0 ? keep * slope[(at - 6) * unknowns + u]! : 0;
        jacobian[at * unknowns + u] = scale * (slope[at * unknowns + u]! - before);
      }
    }
  }
  return { residual, jacobian };
}

const poseAt = (all: Readonly<Float64Array>, i: number): Float64Array => all.slice(12 * i, 12 * i + 12);

/** Frames between which steps are compared: first, last, and evenly along the way between. */
function stretchEnds({ wayMm, controls }: CorrectionSpline): number[] {
  const count = wayMm.length, total = wayMm[count - 1]!, wanted = STRETCHES_PER_CONTROL * controls; // prettier-ignore
  const frames = [0];
  for (let k = 1; k < wanted; k++) {
    const target = (total * k) / wanted;
    const i = total > 0 ? wayMm.findIndex((way) => way >= target) : Math.round(((count - 1) * k) / wanted);
    if (i > frames[frames.length - 1]! && i < count - 1) frames.push(i);
  }
  return [...frames, count - 1];
}

/** First and last place in `frames` around all that a control value moves. */
function touchedBy({ control }: CorrectionSpline, which: number, frames: readonly number[]): [number, number] {
  let from = frames.length, to = -1; // prettier-ignore
  frames.forEach((f, k) => {
    for (let c = 0; c < 4; c++) {
      if (control[4 * f + c] !== which) continue;
      from = Math.min(from, k);
      to = Math.max(to, k);
    }
  });
  return to < 0 ? [0, 0] : [Math.max(0, from - 1), Math.min(frames.length - 1, to + 1)];
}
