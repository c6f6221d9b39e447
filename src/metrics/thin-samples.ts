/** Of a sorted list of samples every hundredth part of the weight, ends included. */
export const PERCENTILES = 101;

/** The samples at 0, 1, … 100 % of the weight, in order; empty without samples. A weight of 0 counts for nothing. */
export function thinSamples(samples: Readonly<Float64Array>, weights: Readonly<Float64Array>): number[] {
  const order = Array.from(samples.keys())
    .filter((i) => weights[i]! > 0 && Number.isFinite(samples[i]!))
    .sort((a, b) => samples[a]! - samples[b]!);
  const total = order.reduce((sum, i) => sum + weights[i]!, 0);
  const thinned: number[] = [];
  let reached = 0;
  for (const [k, i] of order.entries()) {
    reached += weights[i]!;
    const isLast = k === order.length - 1;
    while (thinned.length < PERCENTILES && (isLast || reached >= (thinned.length / (PERCENTILES - 1)) * total)) {
      thinned.push(samples[i]!);
    }
  }
  return thinned;
}
