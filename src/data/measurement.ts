/** Nothing is fitted to the truth unless this says so. */
export type Alignment = "none" | "rigid-icp";

/** Raw samples and their weights; summaries are made from pooled samples, never from summaries. */
export type Measurement =
  | { readonly status: "measured"; readonly samples: Float64Array; readonly weights: Float64Array }
  | { readonly status: "failed"; readonly reason: string };

export interface Metric<Estimate, Truth> {
  readonly name: string;
  readonly unit: "mm" | "1" | "deg" | "s";
  readonly better: "lower" | "higher" | "zero";
  readonly alignment: Alignment;
  measure(estimate: Estimate, truth: Truth): Measurement;
}
