import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Vector3 } from "./vector3.ts";

/** Eigenvalues of a symmetric 3×3 (9 numbers, row-major), ascending, with unit eigenvectors. */
export function eigen3(h: Readonly<Float64Array>): { readonly values: Vector3; readonly vectors: readonly Vector3[] } {
  const rows = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (h[3 * i + j]! + h[3 * j + i]!) / 2));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const order = [0, 1, 2].sort((a, b) => realEigenvalues[a]! - realEigenvalues[b]!);
  const pick = (k: number): number => realEigenvalues[order[k]!]!;
  return {
    values: [pick(0), pick(1), pick(2)],
    vectors: order.map((k): Vector3 => [
      eigenvectorMatrix.get(0, k),
      eigenvectorMatrix.get(1, k),
      eigenvectorMatrix.get(2, k),
    ]),
  };
}

/** A direction whose eigenvalue is below this share of the largest one counts as undetermined. */
const UNDETERMINED_SHARE = 1e-6;

/**
 * Inverse of a symmetric positive 3×3, with nothing along undetermined directions (there a solution keeps to 0).
 * Undefined for the zero matrix.
 */
export function inverse3(h: Readonly<Float64Array>): Float64Array | undefined {
  const { values, vectors } = eigen3(h);
  if (!(values[2] > 0)) return undefined;
  const out = new Float64Array(9);
  for (let k = 0; k < 3; k++) {
    if (values[k]! <= UNDETERMINED_SHARE * values[2]) continue;
    const v = vectors[k]!;
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out[3 * i + j]! += (v[i]! * v[j]!) / values[k]!;
  }
  return out;
}

export function times3(m: Readonly<Float64Array>, [x, y, z]: Vector3): Vector3 {
  const row = (i: number): number => m[3 * i]! * x + m[3 * i + 1]! * y + m[3 * i + 2]! * z;
  return [row(0), row(1), row(2)];
}
