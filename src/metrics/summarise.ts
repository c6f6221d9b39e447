import type { Measurement } from "../data/measurement.ts";
import { thresholdsMm, type PerThreshold } from "../data/report.ts";

/** Figures of one measurement. Infinite samples count in the shares and stay out of the distances. */
export interface Summary {
  /** Σ w of all samples, and of those that are finite. */
  readonly weight: number;
  readonly finiteWeight: number;
  /** Σ w·x and Σ w·x² over the finite samples. */
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Inverse of the weighted distribution: the smallest x such that samples ≤ x carry 95 % of the weight. */
  readonly p95: number | null;
  readonly max: number | null;
  /** Weight of the samples < and ≤ each of `thresholdsMm`. */
  readonly below: PerThreshold;
  readonly upTo: PerThreshold;
}

export type Sorted = { readonly samples: Float64Array; readonly order: Uint32Array };

/** The samples in rising order; `order` says which sample of the input each one was. */
export function sortSamples(samples: Readonly<Float64Array>): Sorted {
  const order = Uint32Array.from(samples, (_, i) => i).sort((a, b) => samples[a]! - samples[b]! || a - b);
  return { samples: Float64Array.from(order, (i) => samples[i]!), order };
}

/** `samples` must rise; `weights` in the same order. Summaries of resampled weights need no new sorting. */
export function summariseSorted(samples: Readonly<Float64Array>, weights: Readonly<Float64Array>): Summary {
  let weight = 0,
    finiteWeight = 0,
    sum = 0,
    sumOfSquares = 0,
    max: number | null = null;
  const below = [0, 0, 0, 0] as [number, number, number, number],
    upTo = [0, 0, 0, 0] as [number, number, number, number];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!,
      w = weights[i]!;
    if (w === 0) continue;
    weight += w;
    if (x === Infinity) continue;
    finiteWeight += w;
    sum += w * x;
    sumOfSquares += w * x * x;
    max = x;
    for (let k = 3; k >= 0; k--) {
      const threshold = thresholdsMm[k as 0 | 1 | 2 | 3];
      if (x > threshold) break;
      upTo[k as 0]! += w;
      if (x < threshold) below[k as 0]! += w;
    }
  }
  return {
    weight,
    finiteWeight,
    sum,
    sumOfSquares,
    p95: quantile(samples, weights, 0.95, finiteWeight),
    max,
    below,
    upTo,
  };
}

/** A sum of many equal weights may miss the share by rounding. */
const ROUNDING = 1e-12;

function quantile(
  samples: Readonly<Float64Array>,
  weights: Readonly<Float64Array>,
  p: number,
  total: number,
): number | null {
  if (!(total > 0)) return null;
  let seen = 0;
  for (let i = 0; i < samples.length; i++) {
    seen += weights[i]!;
    if (seen >= p * total * (1 - ROUNDING)) return samples[i]!;
  }
  return null;
}

/** Undefined for a failed measurement. Signed samples: the sums and extremes mean what they say, the shares do not. */
export function summarise(measurement: Measurement): Summary | undefined {
  if (measurement.status === "failed") return undefined;
  const { samples, order } = sortSamples(measurement.samples);
  return summariseSorted(
    samples,
    Float64Array.from(order, (i) => measurement.weights[i]!),
  );
}

export const meanOf = ({ sum, finiteWeight }: Summary): number | null => (finiteWeight > 0 ? sum / finiteWeight : null);

export const rmsOf = ({ sumOfSquares, finiteWeight }: Summary): number | null =>
  finiteWeight > 0 ? Math.sqrt(sumOfSquares / finiteWeight) : null;

/** All samples of several measurements as one; failed when one of them is. */
export function pool(measurements: readonly Measurement[]): Measurement {
  const samples: Float64Array[] = [],
    weights: Float64Array[] = [];
  for (const measurement of measurements) {
    if (measurement.status === "failed") return measurement;
    samples.push(measurement.samples);
    weights.push(measurement.weights);
  }
  return { status: "measured", samples: concat(samples), weights: concat(weights) };
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
