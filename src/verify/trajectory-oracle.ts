import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/**
 * Trajectory errors by their definitions, written apart from src/metrics: 4×4 matrices as nested lists, inverses by
 * elimination, angles by quaternions, alignment by Horn's quaternion (1987) in place of Umeyama's SVD.
 */
export type Pose = number[][];

export const product = (a: Pose, b: Pose): Pose =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));

/** Gauss-Jordan with pivots. */
export function inverse(m: Pose): Pose {
  const n = m.length;
  const rows = m.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    const by = rows[c]![c]!;
    rows[c] = rows[c]!.map((value) => value / by);
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const times = rows[r]![c]!;
      rows[r] = rows[r]!.map((value, k) => value - times * rows[c]![k]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

export const place = (m: Pose): [number, number, number] => [m[0]![3]!, m[1]![3]!, m[2]![3]!];
const length = (v: readonly number[]): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
export const apart = (a: readonly number[], b: readonly number[]): number => length(a.map((x, i) => x - b[i]!));

/** 2 atan2(|vector|, scalar) of the quaternion, its largest part first (Shepperd 1978). */
export function angleDeg(m: Pose): number {
  const [a, b, c] = [m[0]![0]!, m[1]![1]!, m[2]![2]!];
  const squares = [1 + a + b + c, 1 + a - b - c, 1 - a + b - c, 1 - a - b + c];
  const largest = squares.indexOf(Math.max(...squares)),
    q = Math.sqrt(squares[largest]!) / 2;
  const off = (i: number, j: number, sign: number): number => (m[i]![j]! + sign * m[j]![i]!) / (4 * q);
  const [w, x, y, z] = [
    [q, off(2, 1, -1), off(0, 2, -1), off(1, 0, -1)],
    [off(2, 1, -1), q, off(1, 0, 1), off(0, 2, 1)],
    [off(0, 2, -1), off(1, 0, 1), q, off(2, 1, 1)],
    [off(1, 0, -1), off(0, 2, 1), off(2, 1, 1), q],
  ][largest]! as [number, number, number, number];
  return (2 * Math.atan2(length([x, y, z]), Math.abs(w)) * 180) / Math.PI;
}

/** The rigid motion that lays `from` on `onto` in the least-squares sense. */
export function hornFit(from: readonly number[][], onto: readonly number[][]): Pose {
  const centre = (points: readonly number[][]): number[] =>
    [0, 1, 2].map((k) => points.reduce((sum, p) => sum + p[k]!, 0) / points.length);
  const a = centre(from),
    b = centre(onto);
  const s = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => from.reduce((sum, p, n) => sum + (p[i]! - a[i]!) * (onto[n]![j]! - b[j]!), 0)),
  ) as [[number, number, number], [number, number, number], [number, number, number]];
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
  const n = new Matrix([
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ]);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(n, { assumeSymmetric: true });
  const best = realEigenvalues.indexOf(Math.max(...realEigenvalues));
  const [w, x, y, z] = eigenvectorMatrix.getColumn(best) as [number, number, number, number];
  const r = [
    [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
  ];
  return [...r.map((row, i) => [...row, b[i]! - row.reduce((sum, value, k) => sum + value * a[k]!, 0)]), [0, 0, 0, 1]];
}

export const rmse = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);

/** Path at each pose. */
export function pathOf(poses: readonly Pose[]): number[] {
  const path = [0];
  for (let i = 1; i < poses.length; i++) path.push(path[i - 1]! + apart(place(poses[i]!), place(poses[i - 1]!)));
  return path;
}

/** evo: E = (Qᵢ⁻¹ Qⱼ)⁻¹ (Pᵢ⁻¹ Pⱼ), Q the reference. */
export const relativeError = (truth: readonly Pose[], estimate: readonly Pose[], i: number, j: number): Pose =>
  product(inverse(product(inverse(truth[i]!), truth[j]!)), product(inverse(estimate[i]!), estimate[j]!));
