import type { Vector3 } from "../vector3.ts";

/**
 * What a stretch of poses [R | t] says about a tip x that stays in one place p = R x + t: with p eliminated, the sum of
 * squares is xᵀ H x + 2 gᵀ x + c, where H = Σ w (R − R̄)ᵀ(R − R̄), g = Σ w (R − R̄)ᵀ(t − t̄), c = Σ w |t − t̄|².
 */
export interface PivotSums {
  readonly h: Float64Array;
  readonly g: Float64Array;
  readonly c: number;
  readonly weight: number;
  /** Weighted mean pose, 12 numbers. */
  readonly mean: Float64Array;
}

/** Over the samples [from, end) of `poses`; `weights` one a sample. */
export function pivotSums(
  poses: Readonly<Float64Array>,
  from: number,
  end: number,
  weights?: Readonly<Float64Array>,
): PivotSums {
  const mean = new Float64Array(12);
  let weight = 0;
  for (let i = from; i < end; i++) {
    const w = weights ? weights[i]! : 1;
    weight += w;
    for (let k = 0; k < 12; k++) mean[k]! += w * poses[12 * i + k]!;
  }
  if (weight > 0) for (let k = 0; k < 12; k++) mean[k]! /= weight;
  const h = new Float64Array(9),
    g = new Float64Array(3),
    d = new Float64Array(12);
  let c = 0;
  for (let i = from; i < end; i++) {
    const w = weights ? weights[i]! : 1;
    if (w === 0) continue;
    for (let k = 0; k < 12; k++) d[k] = poses[12 * i + k]! - mean[k]!;
    for (let row = 0; row < 12; row += 4) {
      const t = d[row + 3]!;
      c += w * t * t;
      for (let a = 0; a < 3; a++) {
        g[a]! += w * d[row + a]! * t;
        for (let b = 0; b < 3; b++) h[3 * a + b]! += w * d[row + a]! * d[row + b]!;
      }
    }
  }
  return { h, g, c, weight, mean };
}

/** Mean square distance of the tip from its mean place over the stretch, mm². */
export function meanSquare({ h, g, c, weight }: PivotSums, [x, y, z]: Vector3): number {
  const v = [x, y, z];
  let sum = c;
  for (let a = 0; a < 3; a++) {
    sum += 2 * g[a]! * v[a]!;
    for (let b = 0; b < 3; b++) sum += v[a]! * h[3 * a + b]! * v[b]!;
  }
  return Math.max(0, sum) / weight;
}

export function addSums(all: readonly PivotSums[]): Pick<PivotSums, "h" | "g" | "weight"> {
  const h = new Float64Array(9),
    g = new Float64Array(3);
  let weight = 0;
  for (const sums of all) {
    for (let k = 0; k < 9; k++) h[k]! += sums.h[k]!;
    for (let k = 0; k < 3; k++) g[k]! += sums.g[k]!;
    weight += sums.weight;
  }
  return { h, g, weight };
}
