/**
 * Smallest value v such that the samples ≤ v carry at least the share `p` of the weight (inverse of the weighted
 * empirical distribution; no interpolation). NaN when there is no weight. Does not change its arguments.
 */
export function weightedPercentile(
  samples: Readonly<Float64Array>,
  weights: Readonly<Float64Array>,
  p: number,
): number {
  const order = Uint32Array.from(samples, (_, i) => i).sort((a, b) => samples[a]! - samples[b]!);
  let total = 0;
  for (const w of weights) total += w;
  if (!(total > 0)) return NaN;
  let seen = 0;
  for (const i of order) {
    seen += weights[i]!;
    if (seen >= p * total * (1 - 1e-12)) return samples[i]!;
  }
  return samples[order[order.length - 1]!]!;
}

/** Σ w x / Σ w; NaN when there is no weight. */
export function weightedMean(samples: Readonly<Float64Array>, weights: Readonly<Float64Array>): number {
  let sum = 0,
    total = 0;
  for (let i = 0; i < samples.length; i++) {
    sum += weights[i]! * samples[i]!;
    total += weights[i]!;
  }
  return total > 0 ? sum / total : NaN;
}

/** Linear-interpolated percentile (type 7 of Hyndman & Fan 1996) of unweighted samples; NaN when empty. */
export function percentile(samples: ArrayLike<number>, p: number): number {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) return NaN;
  const at = p * (sorted.length - 1),
    low = Math.floor(at);
  const a = sorted[low]!,
    b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return a + (b - a) * (at - low);
}

export function mean(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]!;
  return samples.length ? sum / samples.length : NaN;
}

/** Sample standard deviation (n − 1). */
export function standardDeviation(samples: ArrayLike<number>): number {
  const m = mean(samples);
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i]! - m) ** 2;
  return samples.length > 1 ? Math.sqrt(sum / (samples.length - 1)) : NaN;
}
