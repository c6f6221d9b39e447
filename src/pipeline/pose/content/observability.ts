import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { cholesky, solveCholesky, solveLower, solveUpper, type Cholesky } from "../../../core/cholesky.ts";
import { correctionAt, type CorrectionSpline } from "./correction-spline.ts";
import { factorOf, type JointSystem } from "./joint-fit.ts";

/** Which corrections of a sweep the bone says more of than odometry does, and which it leaves open. */
export interface SweepObservability {
  /** Of all independent motions of the correction, how much more the bone says than odometry (ratio of informations), ascending. */
  readonly ratio: Float64Array;
  /** Control values (6 · controls numbers) of those with a ratio of 1 and more, of unit length by odometry's information. */
  readonly seen: readonly Float64Array[];
  /** Of those below 1. */
  readonly open: readonly Float64Array[];
}

/**
 * Informations of the bone's surface against odometry's, after all that is unknown of the other sweeps, of the first pose
 * and of the bones was allowed for: a shape that may be longer says less of a way along it. The generalised eigenvectors
 * of the two are motions that can be told one by one (Zhang & Singh 2016 leave the degenerate ones to odometry likewise).
 */
export function observability(system: JointSystem, controls: readonly number[]): SweepObservability[] {
  const factor = factorOf(system);
  return controls.map((at, s) => {
    const prior = system.odometry[s]!,
      size = Math.sqrt(prior.length);
    const all = invertSymmetric(blockOfInverse(factor, at, size), size);
    const bone = all.map((value, k) => value - prior[k]!);
    const lower = cholesky(withRidge(prior, size), size);
    // Whitened by odometry: L⁻¹ · bone · L⁻ᵀ.
    const half = columnsOf(bone, size).map((column) => solveLower(lower, column));
    const white = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const row = solveLower(
        lower,
        Float64Array.from(half, (column) => column[i]!),
      );
      for (let j = 0; j < size; j++) white[i * size + j] = row[j]!;
    }
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++)
        white[i * size + j] = white[j * size + i] = (white[i * size + j]! + white[j * size + i]!) / 2;
    }
    const { values, vectors } = eigenOf(white, size);
    const motions = Array.from(values, (_, k) => solveUpper(lower, vectors.subarray(k * size, (k + 1) * size)));
    return {
      ratio: values,
      seen: motions.filter((_, k) => values[k]! >= 1),
      open: motions.filter((_, k) => values[k]! < 1),
    };
  });
}

/** Six numbers (shift along, turn about the image's x, y, z): variances of the correction of a frame before and after the fit. */
export interface FrameVariance {
  /** Row-major 6×6. */
  readonly odometry: Float64Array;
  readonly fitted: Float64Array;
}

/** Covariances of a frame's correction: by odometry alone, and with what the bone says where it says more. */
export function frameVariance(
  spline: CorrectionSpline,
  { seen, open }: SweepObservability,
  /** Of the coordinates along `seen`, row-major. */
  seenCovariance: Readonly<Float64Array>,
  frame: number,
): FrameVariance {
  const ofSeen = seen.map((motion) => correctionAt(spline, motion, frame)),
    ofOpen = open.map((motion) => correctionAt(spline, motion, frame));
  const odometry = new Float64Array(36), fitted = new Float64Array(36); // prettier-ignore
  const m = seen.length;
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 6; j++) {
      let left = 0, was = 0, is = 0; // prettier-ignore
      for (const e of ofOpen) left += e[i]! * e[j]!;
      ofSeen.forEach((e, a) => {
        was += e[i]! * e[j]!;
        ofSeen.forEach((f, b) => (is += e[i]! * f[j]! * seenCovariance[a * m + b]!));
      });
      odometry[6 * i + j] = left + was;
      fitted[6 * i + j] = left + is;
    }
  }
  return { odometry, fitted };
}

/** Rows and columns `at` … `at + size − 1` of the inverse. */
export function blockOfInverse(factor: Cholesky, at: number, size: number): Float64Array {
  const block = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const unit = new Float64Array(factor.n);
    unit[at + j] = 1;
    const column = solveCholesky(factor, unit);
    for (let i = 0; i < size; i++) block[i * size + j] = column[at + i]!;
  }
  return block;
}

export function invertSymmetric(a: Readonly<Float64Array>, n: number): Float64Array {
  return blockOfInverse(cholesky(a, n), 0, n);
}

const columnsOf = (a: Float64Array, n: number): Float64Array[] =>
  Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (__, i) => a[i * n + j]!));

/** Rounding of a prior that is nearly singular. */
function withRidge(a: Readonly<Float64Array>, n: number): Float64Array {
  const out = Float64Array.from(a);
  for (let i = 0; i < n; i++) out[i * (n + 1)]! *= 1 + 1e-12;
  return out;
}

/** Of a symmetric matrix, values ascending; row k of `vectors` belongs to value k. */
function eigenOf(
  a: Readonly<Float64Array>,
  n: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const rows = Array.from({ length: n }, (_, i) => Array.from(a.subarray(i * n, (i + 1) * n)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => realEigenvalues[i]! - realEigenvalues[j]!);
  return {
    values: Float64Array.from(order, (k) => realEigenvalues[k]!),
    vectors: Float64Array.from(order.flatMap((k) => eigenvectorMatrix.getColumn(k))),
  };
}
