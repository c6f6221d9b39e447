import type { Summary } from "./summarise.ts";

/**
 * Largest of the two one-way figures. HD95 takes the 95th percentile of each direction by area first and the maximum
 * then; pooling both directions before the percentile is another number.
 */
export function hausdorff95(result: Summary, truth: Summary): number | null {
  return larger(result.p95, truth.p95);
}

/** One stray point decides it: read it beside HD95. */
export function hausdorff100(result: Summary, truth: Summary): number | null {
  return larger(result.max, truth.max);
}

const larger = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b);
