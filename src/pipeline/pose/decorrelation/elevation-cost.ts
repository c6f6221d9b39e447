import { NormalEquations } from "../../../core/normal-equations.ts";
import { readCurve, type Curve, type DecorrelationCurves } from "./curves.ts";
import { turnPenalty } from "./turn-prior.ts";

/** What one patch that was found again says of its distance out of the plane. */
export interface FallSample {
  /** Place of the patch, mm of the image frame. */
  readonly x: number;
  readonly y: number;
  readonly fall: number;
  /** Of its distance, by coherency. */
  readonly scale: number;
  readonly curve: Curve;
}

export interface ElevationProblem {
  readonly samples: readonly FallSample[];
  readonly curves: DecorrelationCurves;
  /** In frames. */
  readonly lag: number;
  /** Middle of the patches, mm. */
  readonly middle: readonly [x: number, y: number];
}

/**
 * Unknowns: tz mm, fan and swing rad, and what all falls of the pair have too much in common: at the middle of the patches,
 * per mm of depth and per mm across.
 */
export const UNKNOWNS = 6;

/**
 * Falls of one pair err together, since one tissue lies under neighbouring patches: standard deviation of the error at the
 * middle, per mm of depth, per mm across. On a straight stroke over a development knee (pose-dev-3) that the curves were not
 * made on it is 0.10, 0.07 per 14 mm and 0.06 per 11 mm, of which 0.036 each is what independent patches leave. Where
 * thirty patches lie on the flat end of a curve they would outvote any prior, and feign ways of several mm.
 */
const COMMON_SD = [0.09, 0.0045, 0.0045] as const;
/** Beyond this many standard deviations a patch follows something else. */
const HUBER = 1.5;
/** Keeps a way that no patch reads from being undefined: of 100 mm. */
const LEAST_PRECISION = 1e-4;

/** Of all unknowns, in their order. */
const ALL = Uint8Array.from({ length: UNKNOWNS }, (_, k) => k);

export interface ElevationEquations {
  readonly equations: NormalEquations;
  /** Twice the negative logarithm of the posterior, 0 where all falls lie on the curves and nothing turns. */
  readonly cost: number;
}

/** Of Huber's loss of (fall − curve(|distance| · scale) − common error) / sd, and the priors, about `p`. */
export function elevationEquations(
  { samples, curves, lag, middle: [x0, y0] }: ElevationProblem,
  p: ArrayLike<number>,
): ElevationEquations {
  const equations = new NormalEquations(UNKNOWNS),
    row = new Float64Array(UNKNOWNS);
  const [tz, fan, swing, offset, perDepth, perAcross] = [p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, p[5]!];
  let cost = 0;
  for (const { x, y, fall, scale, curve } of samples) {
    const d = tz + fan * y + swing * x,
      at = readCurve(curves, curve, Math.abs(d) * scale),
      unit = 1 / at.sd;
    const r = (fall - at.fall - offset - perDepth * (y - y0) - perAcross * (x - x0)) * unit,
      size = Math.abs(r),
      weight = size > HUBER ? HUBER / size : 1;
    cost += size > HUBER ? HUBER * (2 * size - HUBER) : r * r;
    const slope = (d < 0 ? -1 : 1) * at.slope * scale * unit;
    row[0] = slope;
    row[1] = slope * y;
    row[2] = slope * x;
    row[3] = unit;
    row[4] = unit * (y - y0);
    row[5] = unit * (x - x0);
    equations.add(-r, ALL, row, weight);
  }
  const add = (k: number, penalty: number, precision: number): void => {
    cost += penalty;
    equations.addDiagonal(k, p[k]!, precision);
  };
  add(0, LEAST_PRECISION * tz * tz, LEAST_PRECISION);
  for (const k of [1, 2]) {
    const { cost: penalty, precision } = turnPenalty(p[k]!, lag);
    add(k, penalty, precision);
  }
  COMMON_SD.forEach((sd, k) => add(3 + k, (p[3 + k]! / sd) ** 2, sd ** -2));
  return { equations, cost };
}
