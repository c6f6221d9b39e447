import type { PerThreshold } from "../data/report.ts";
import type { Summary } from "./summarise.ts";

const perThreshold = (of: (k: 0 | 1 | 2 | 3) => number): PerThreshold => [of(0), of(1), of(2), of(3)];

/** Share of the result's area closer than each threshold to the truth (strictly, as Knapitsch et al. 2017). */
export function precision(result: Summary): PerThreshold | null {
  return result.weight > 0 ? perThreshold((k) => result.below[k] / result.weight) : null;
}

/** Share of the truth's area closer than each threshold to the result (strictly). */
export function coverage(truth: Summary): PerThreshold | null {
  return truth.weight > 0 ? perThreshold((k) => truth.below[k] / truth.weight) : null;
}

/** Harmonic mean of precision and coverage; 0 where both are 0, and where there is no result. */
export function fScore(result: Summary, truth: Summary): PerThreshold | null {
  const c = coverage(truth);
  if (!c) return null;
  const p = precision(result) ?? [0, 0, 0, 0];
  return perThreshold((k) => (p[k] + c[k] > 0 ? (2 * p[k] * c[k]) / (p[k] + c[k]) : 0));
}

/** Share of the area of both surfaces within each tolerance of the other (≤, as Nikolov et al. 2018/2021). */
export function surfaceDice(result: Summary, truth: Summary): PerThreshold | null {
  if (!(truth.weight > 0)) return null;
  return perThreshold((k) => (result.upTo[k] + truth.upTo[k]) / (result.weight + truth.weight));
}
