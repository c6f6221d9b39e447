import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Frame, Rigid } from "../core/rigid.ts";

/** A least-squares motion of paired points, or why there is none. */
export type RigidFit<To extends Frame = Frame, From extends Frame = Frame> = FittedRigid<To, From> | RefusedFit;

export interface FittedRigid<in out To extends Frame, in out From extends Frame> extends Rigid<To, From> {
  readonly status: "fitted";
  /** Row-major 3×4 [R | t] that takes `from` to `to`; always a proper rotation. */
  readonly m: Float64Array;
  /** Weighted root mean square of |R·from + t − to|, mm. */
  readonly rmsMm: number;
  /** Best similarity scale for the same rotation (Umeyama 1991, eq. 42): a diagnostic, never applied. */
  readonly scale: number;
  /** The points fit a mirror image better than any rotation: their order, handedness or labels are suspect. */
  readonly mirrored: boolean;
}

export interface RefusedFit {
  readonly status: "refused";
  readonly reason: string;
}

/** Spread across the main direction, relative to that along it, below which points count as one line. */
const COLLINEAR_RATIO = 1e-5;

/**
 * Arun, Huang & Blostein (1987) by SVD, with the reflection guard of Kabsch (1978) and Umeyama (1991).
 * `from` and `to` are interleaved xyz in mm; `weights` one non-negative number a point, default all equal.
 */
export function fitRigid<To extends Frame = Frame, From extends Frame = Frame>(
  from: Readonly<Float64Array>,
  to: Readonly<Float64Array>,
  weights?: Readonly<Float64Array>,
): RigidFit<To, From> {
  const count = from.length / 3;
  if (to.length !== from.length || (weights && weights.length !== count))
    return refuse(`${count} points, ${to.length / 3} partners and ${weights?.length ?? count} weights do not pair up`);
  let total = 0,
    used = 0;
  const a = [0, 0, 0],
    b = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const w = weights ? weights[i]! : 1;
    if (!(w >= 0 && w < Infinity)) return refuse(`the weight of point ${i} is ${w}`);
    if (w === 0) continue;
    used++;
    total += w;
    for (let k = 0; k < 3; k++) {
      a[k]! += w * from[3 * i + k]!;
      b[k]! += w * to[3 * i + k]!;
    }
  }
  if (used < 3) return refuse(`${used} points; a rigid motion needs at least 3`);
  for (let k = 0; k < 3; k++) {
    a[k]! /= total;
    b[k]! /= total;
  }
  if (!Number.isFinite(a[0]! + a[1]! + a[2]! + b[0]! + b[1]! + b[2]!)) return refuse("a coordinate is not finite");

  const h = Matrix.zeros(3, 3);
  let spreadFrom = 0,
    spreadTo = 0;
  for (let i = 0; i < count; i++) {
    const w = (weights ? weights[i]! : 1) / total;
    if (w === 0) continue;
    for (let row = 0; row < 3; row++) {
      const q = to[3 * i + row]! - b[row]!;
      spreadTo += w * q * q;
      spreadFrom += w * (from[3 * i + row]! - a[row]!) ** 2;
      for (let col = 0; col < 3; col++) h.set(row, col, h.get(row, col) + w * q * (from[3 * i + col]! - a[col]!));
    }
  }
  const svd = new SingularValueDecomposition(h);
  const [s0, s1, s2] = svd.diagonal as [number, number, number];
  if (!(spreadFrom > 0 && spreadTo > 0)) return refuse("all points lie in one place");
  if (!(s1 > COLLINEAR_RATIO ** 2 * s0) || !(s0 > COLLINEAR_RATIO ** 2 * Math.sqrt(spreadFrom * spreadTo)))
    return refuse("the points lie on one line, so the rotation about it is unknown");

  const u = svd.leftSingularVectors,
    v = svd.rightSingularVectors;
  const flipped = determinant3(u) * determinant3(v) < 0,
    sign = flipped ? -1 : 1;
  const m = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    let t = b[row]!;
    for (let col = 0; col < 3; col++) {
      const r = u.get(row, 0) * v.get(col, 0) + u.get(row, 1) * v.get(col, 1) + sign * u.get(row, 2) * v.get(col, 2);
      m[4 * row + col] = r;
      t -= r * a[col]!;
    }
    m[4 * row + 3] = t;
  }
  return {
    status: "fitted",
    m,
    rmsMm: weightedRms(m, from, to, weights, total),
    scale: (s0 + s1 + sign * s2) / spreadFrom,
    mirrored: flipped && s2 > COLLINEAR_RATIO * s0,
  };
}

const refuse = (reason: string): RefusedFit => ({ status: "refused", reason });

function determinant3(m: Matrix): number {
  const [a, b, c, d, e, f, g, h, i] = m.to1DArray() as [
    number, number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function weightedRms(
  m: Readonly<Float64Array>,
  from: Readonly<Float64Array>,
  to: Readonly<Float64Array>,
  weights: Readonly<Float64Array> | undefined,
  total: number,
): number {
  let sum = 0;
  for (let i = 0; 3 * i < from.length; i++) {
    const x = from[3 * i]!,
      y = from[3 * i + 1]!,
      z = from[3 * i + 2]!,
      w = weights ? weights[i]! : 1;
    if (w === 0) continue;
    for (let row = 0; row < 3; row++) {
      const d = m[4 * row]! * x + m[4 * row + 1]! * y + m[4 * row + 2]! * z + m[4 * row + 3]! - to[3 * i + row]!;
      sum += w * d * d;
    }
  }
  return Math.sqrt(sum / total);
}
