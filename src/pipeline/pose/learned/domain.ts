import { PATCH_FEATURES, STEP_FEATURES, type MotionFeatures } from "./features.ts";

/** What the sweeps that a network was trained on looked like: mean and covariance of `summarise` over them. */
export interface TrainingDomain {
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

/** Patch features whose means tell lenses, tissues and hands apart: falls, sharpness, correlation lengths and SNR. */
const PATCH_COLUMNS = [1, 8, 5, 6, 21, 22, 23] as const;
export const DOMAIN_SIZE = PATCH_COLUMNS.length + 2;

/** One vector a sweep, as export.py makes it. */
export function summarise({ steps, patches, patch, step }: MotionFeatures): Float64Array {
  const sums = new Float64Array(DOMAIN_SIZE);
  let found = 0;
  for (let at = 0; at < steps * patches * PATCH_FEATURES; at += PATCH_FEATURES) {
    if (patch[at + PATCH_FEATURES - 1] !== 1) continue;
    found++;
    PATCH_COLUMNS.forEach((column, k) => (sums[k]! += patch[at + column]!));
  }
  for (let k = 0; k < PATCH_COLUMNS.length; k++) sums[k]! /= Math.max(1, found);
  for (let s = 0; s < steps; s++) {
    sums[DOMAIN_SIZE - 2]! += Math.abs(step[s * STEP_FEATURES + 3]!) / Math.max(1, steps);
    sums[DOMAIN_SIZE - 1]! += step[s * STEP_FEATURES + 7]! / Math.max(1, steps);
  }
  return sums;
}

/** Mahalanobis distance over the square root of its dimension: about 1 for a sweep like those of the training. */
export function domainDistance({ mean, covariance }: TrainingDomain, of: Readonly<Float64Array>): number {
  const n = mean.length;
  const m = covariance.map((row, i) => [...row.map((x, j) => (i === j ? x * 1.01 + 1e-6 : x)), of[i]! - mean[i]!]);
  for (let k = 0; k < n; k++) {
    for (let r = k + 1; r < n; r++) {
      const f = m[r]![k]! / m[k]![k]!;
      for (let c = k; c <= n; c++) m[r]![c]! -= f * m[k]![c]!;
    }
  }
  // After elimination of a positive matrix, d² is the sum of squares over the pivots.
  let sum = 0;
  for (let k = 0; k < n; k++) sum += m[k]![n]! ** 2 / m[k]![k]!;
  return Math.sqrt(sum / n);
}

/** Up to here the network is believed wholly, and from there on not at all. */
const BELIEVED = 1.6,
  FOREIGN = 3;

/** Share of the network's correction that is used: 1 within its training domain, 0 far outside. */
export function trust(distance: number): number {
  return Math.min(1, Math.max(0, (FOREIGN - distance) / (FOREIGN - BELIEVED)));
}
