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

/** Which block each sample belongs to, and how many blocks there are. */
export interface BlockOf {
  readonly of: Readonly<Uint32Array>;
  readonly count: number;
}

/** Counts and sums kept per block: weight, finite weight, Σ w·x, Σ w·x², then below and up to each threshold. */
const COLUMNS = 4 + 2 * thresholdsMm.length;

/**
 * `samples` must rise; `weights` and `blocks.of` in the same order. The function that comes back gives the summary of
 * the samples with each block taken as often as it was `drawn`; it adds up blocks, not samples, so it is quick.
 */
export function summaryTable(
  samples: Readonly<Float64Array>,
  weights: Readonly<Float64Array>,
  blocks: BlockOf,
): (drawn: Readonly<Uint32Array>) => Summary {
  const table = new Float64Array(blocks.count * COLUMNS);
  let finite = 0;
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!,
      w = weights[i]!,
      row = blocks.of[i]! * COLUMNS;
    table[row]! += w;
    if (x === Infinity) continue;
    finite = i + 1;
    table[row + 1]! += w;
    table[row + 2]! += w * x;
    table[row + 3]! += w * x * x;
    for (let k = thresholdsMm.length - 1; k >= 0 && x <= thresholdsMm[k as 0]; k--) {
      if (x < thresholdsMm[k as 0]) table[row + 4 + k]! += w;
      table[row + 8 + k]! += w;
    }
  }
  return (drawn) => {
    const sums = new Float64Array(COLUMNS);
    for (let block = 0; block < blocks.count; block++) {
      const times = drawn[block]!;
      if (times > 0) for (let c = 0; c < COLUMNS; c++) sums[c]! += times * table[block * COLUMNS + c]!;
    }
    const weight = sums[0]!,
      finiteWeight = sums[1]!,
      sum = sums[2]!,
      sumOfSquares = sums[3]!;
    const fromTop = (share: number): number | null => {
      const limit = finiteWeight * (share + ROUNDING);
      let above = 0;
      for (let i = finite - 1; i >= 0; i--) {
        above += weights[i]! * drawn[blocks.of[i]!]!;
        if (above > limit) return samples[i]!;
      }
      return null;
    };
    return {
      weight,
      finiteWeight,
      sum,
      sumOfSquares,
      p95: fromTop(0.05),
      max: fromTop(0),
      below: [sums[4]!, sums[5]!, sums[6]!, sums[7]!],
      upTo: [sums[8]!, sums[9]!, sums[10]!, sums[11]!],
    };
  };
}

/** A sum of many equal weights may miss the share by rounding. */
const ROUNDING = 1e-12;

/** `samples` must rise; `weights` in the same order. */
export function summariseSorted(samples: Readonly<Float64Array>, weights: Readonly<Float64Array>): Summary {
  return summaryTable(samples, weights, { of: new Uint32Array(samples.length), count: 1 })(Uint32Array.of(1));
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
