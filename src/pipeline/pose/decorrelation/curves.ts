/**
 * How speckle decorrelates across the image's plane with one probe on one kind of tissue. `fall` is √(−2 ln ρ) of the
 * best match: for Gaussian beams it grows as distance over the width of the beam.
 */
export interface DecorrelationCurves {
  readonly kind: "decorrelation-curves";
  /** What they were measured with, for people. */
  readonly about: string;
  readonly probe: string;
  /** Depths of the rows, mm, rising. */
  readonly depthsMm: readonly number[];
  /** Distances of the columns, mm, rising from 0. */
  readonly distancesMm: readonly number[];
  /** One table a lag: at one distance, patches fall further the more frames lie between them. */
  readonly lags: readonly LagCurves[];
  /**
   * Coherency: the logarithm of the distance is corrected by the sum of these times what the patch's correlation lengths
   * (across, down) and the logarithm of its SNR lie above `typical`.
   */
  readonly coherency: readonly [across: number, down: number, snr: number];
  readonly typical: readonly [across: number, down: number, snr: number];
  /** Standard deviation of the logarithm of whole sweeps' lengths: what no averaging over frames takes away. */
  readonly scaleSd: number;
}

export interface LagCurves {
  /** In frames. */
  readonly lag: number;
  /** Mean fall by depth and distance, rising along each row; and its standard deviation between patches. */
  readonly fall: readonly (readonly number[])[];
  readonly fallSd: readonly (readonly number[])[];
}

/** Correlations at or above this leave no measurable fall; at or below the other, no more. */
const LEAST_CORRELATION = 0.02;

export function fallOf(correlation: number): number {
  return Math.sqrt(-2 * Math.log(Math.min(1, Math.max(LEAST_CORRELATION, correlation))));
}

/** One row of the curves, between two depths; beyond the ends, the end's. */
export interface Curve {
  readonly fall: Float64Array;
  readonly sd: Float64Array;
}

export function curveAt({ depthsMm, lags }: DecorrelationCurves, depthMm: number, lag: number): Curve {
  const { fall, fallSd } = lags.reduce((a, b) => (Math.abs(b.lag - lag) < Math.abs(a.lag - lag) ? b : a));
  let i = 0;
  while (i + 2 < depthsMm.length && depthsMm[i + 1]! < depthMm) i++;
  const j = Math.min(depthsMm.length - 1, i + 1);
  const s = j > i ? Math.min(1, Math.max(0, (depthMm - depthsMm[i]!) / (depthsMm[j]! - depthsMm[i]!))) : 0;
  const mix = (a: readonly number[], b: readonly number[]): Float64Array =>
    Float64Array.from(a, (x, k) => x + s * (b[k]! - x));
  return { fall: mix(fall[i]!, fall[j]!), sd: mix(fallSd[i]!, fallSd[j]!) };
}

export interface CurveValue {
  fall: number;
  slope: number;
  sd: number;
}

/** Fall, its slope per mm and its spread at a distance ≥ 0, linear between the columns and beyond the last. */
export function readCurve({ distancesMm }: DecorrelationCurves, curve: Curve, distanceMm: number): CurveValue {
  let k = 0;
  while (k + 2 < distancesMm.length && distancesMm[k + 1]! < distanceMm) k++;
  const step = distancesMm[k + 1]! - distancesMm[k]!,
    s = (distanceMm - distancesMm[k]!) / step;
  const slope = (curve.fall[k + 1]! - curve.fall[k]!) / step;
  const inside = Math.min(1, Math.max(0, s));
  return {
    fall: curve.fall[k]! + s * (curve.fall[k + 1]! - curve.fall[k]!),
    slope,
    sd: curve.sd[k]! + inside * (curve.sd[k + 1]! - curve.sd[k]!),
  };
}

/** The distance that falls this far on average; 0 below the curve's first value. */
export function distanceOf({ distancesMm }: DecorrelationCurves, { fall }: Curve, value: number): number {
  if (value <= fall[0]!) return 0;
  let k = 0;
  while (k + 2 < fall.length && fall[k + 1]! < value) k++;
  const rise = fall[k + 1]! - fall[k]!;
  return Math.max(
    0,
    distancesMm[k]! + ((value - fall[k]!) / Math.max(1e-6, rise)) * (distancesMm[k + 1]! - distancesMm[k]!),
  );
}
