import type { Vector3 } from "../vector3.ts";

/** Squares of the coefficients 1, −3, 3, −1 of a third difference, added: it holds that many variances of white noise. */
const THIRD_DIFFERENCE = 20;

/**
 * What a stretch of poses [R | t] says about a tip x that stays in one place p = R x + t: with p eliminated, the sum of
 * squares is xᵀ H x + 2 gᵀ x + c, where H = Σ w (R − R̄)ᵀ(R − R̄), g = Σ w (R − R̄)ᵀ(t − t̄), c = Σ w |t − t̄|².
 *
 * A tracker's noise in R adds to H and g and draws the tip towards the markers (errors in variables; by 0.1 mm of 150
 * with 0.4° of noise in 15° of lean). Its part is known from third differences of neighbours, which no hand can move,
 * and `steady` sums are without it.
 */
export interface PivotSums {
  readonly h: Float64Array;
  readonly g: Float64Array;
  readonly c: number;
  readonly steady: { readonly h: Float64Array; readonly g: Float64Array };
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
  const noise = noiseSums(poses, from, end, weights);
  const steady = { h: h.map((x, k) => x - noise.h[k]!), g: g.map((x, k) => x - noise.g[k]!) };
  return { h, g, c, steady, weight, mean };
}

/** What white noise of the poses adds to H and g. */
function noiseSums(
  poses: Readonly<Float64Array>,
  from: number,
  end: number,
  weights: Readonly<Float64Array> | undefined,
): { readonly h: Float64Array; readonly g: Float64Array } {
  const h = new Float64Array(9),
    g = new Float64Array(3),
    d = new Float64Array(12);
  let used = 0,
    weight = 0;
  for (let i = from; i < end; i++) {
    const w = weights ? weights[i]! : 1;
    weight += w;
    if (i < from + 3 || w === 0) continue;
    used += w;
    for (let k = 0; k < 12; k++) {
      const at = 12 * i + k;
      d[k] = poses[at]! - 3 * poses[at - 12]! + 3 * poses[at - 24]! - poses[at - 36]!;
    }
    for (let row = 0; row < 12; row += 4) {
      for (let a = 0; a < 3; a++) {
        g[a]! += w * d[row + a]! * d[row + 3]!;
        for (let b = 0; b < 3; b++) h[3 * a + b]! += w * d[row + a]! * d[row + b]!;
      }
    }
  }
  const factor = used > 0 ? weight / used / THIRD_DIFFERENCE : 0;
  return { h: h.map((x) => x * factor), g: g.map((x) => x * factor) };
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

export function addSums(
  all: readonly (Pick<PivotSums, "h" | "g"> & { readonly weight?: number })[],
): Pick<PivotSums, "h" | "g" | "weight"> {
  const h = new Float64Array(9),
    g = new Float64Array(3);
  let weight = 0;
  for (const sums of all) {
    for (let k = 0; k < 9; k++) h[k]! += sums.h[k]!;
    for (let k = 0; k < 3; k++) g[k]! += sums.g[k]!;
    weight += sums.weight ?? 0;
  }
  return { h, g, weight };
}
