import { Matrix, SingularValueDecomposition, solve } from "ml-matrix";
import { percentile } from "../../../core/stats.ts";
import { cross, type Vector3 } from "../vector3.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { diagonalPoint, type WireFrame } from "./wire-frames.ts";
import { placeOf } from "../vector3.ts";

export interface ImagePose {
  /** 9 numbers, row-major, proper. */
  readonly rotation: Float64Array;
  readonly translationMm: Vector3;
  readonly spacingMm: readonly [number, number];
  /** The affine map before its axes were made orthogonal: row-major 3×4, third column the normal. */
  readonly affine: Float64Array;
  /** Angle between the columns' and the rows' axis before they were made orthogonal, rad. */
  readonly axisAngleRad: number;
}

const ROUNDS = 12;

/**
 * Affine image-to-probe map through the diagonals' points, re-weighted (Huber) `rounds` times, then its nearest
 * orthogonal axes.
 */
export function closedForm(frames: readonly WireFrame[], phantom: NWirePhantom, rounds = ROUNDS): ImagePose {
  const rows: { pixel: readonly [number, number]; place: Vector3 }[] = [];
  for (const frame of frames) {
    for (let pattern = 0; pattern < phantom.patterns; pattern++) {
      const point = diagonalPoint(phantom, pattern, frame.pixels);
      rows.push({ pixel: frame.pixels[3 * pattern + 1]!, place: placeOf(frame.probeFromPhantom, 0, point) });
    }
  }
  const weights = rows.map(() => 1);
  let fit = Matrix.zeros(3, 3);
  for (let round = 0; round < rounds; round++) {
    const normal = new Float64Array(9),
      right = new Float64Array(9);
    rows.forEach(({ pixel: [u, v], place }, i) => {
      const x = [u, v, 1];
      for (let a = 0; a < 3; a++) {
        for (let b = 0; b < 3; b++) {
          normal[3 * a + b]! += weights[i]! * x[a]! * x[b]!;
          right[3 * a + b]! += weights[i]! * x[a]! * place[b]!;
        }
      }
    });
    fit = solve(Matrix.from1DArray(3, 3, Array.from(normal)), Matrix.from1DArray(3, 3, Array.from(right)), true);
    const f = fit.to1DArray();
    const off = rows.map(({ pixel: [u, v], place }) => {
      const d = (k: 0 | 1 | 2): number => u * f[k]! + v * f[3 + k]! + f[6 + k]! - place[k];
      return Math.sqrt(d(0) ** 2 + d(1) ** 2 + d(2) ** 2);
    });
    const limit = Math.max(1e-9, 1.345 * percentile(off, 0.5));
    off.forEach((d, i) => (weights[i] = d <= limit ? 1 : limit / d));
  }
  const column = (k: number): Vector3 => [fit.get(k, 0), fit.get(k, 1), fit.get(k, 2)];
  return orthogonal(column(0), column(1), column(2));
}

/** Nearest orthogonal axes of the image of columns `ex`, rows `ey`; mm a pixel. */
export function orthogonal(ex: Vector3, ey: Vector3, translationMm: Vector3): ImagePose {
  const sx = Math.hypot(...ex),
    sy = Math.hypot(...ey);
  const x = ex.map((c) => c / sx),
    y = ey.map((c) => c / sy),
    z = cross([x[0]!, x[1]!, x[2]!], [y[0]!, y[1]!, y[2]!]);
  const axisAngleRad = Math.acos(
    Math.min(
      1,
      Math.max(
        -1,
        x.reduce((sum, c, k) => sum + c * y[k]!, 0),
      ),
    ),
  );
  const thick = (sx + sy) / 2 / Math.hypot(...z);
  const affine = Float64Array.from([0, 1, 2].flatMap((k) => [ex[k]!, ey[k]!, z[k]! * thick, translationMm[k]!]));
  const svd = new SingularValueDecomposition(new Matrix([0, 1, 2].map((k) => [x[k]!, y[k]!, z[k]!])));
  const r = svd.leftSingularVectors.mmul(svd.rightSingularVectors.transpose());
  return { rotation: Float64Array.from(r.to1DArray()), translationMm, spacingMm: [sx, sy], affine, axisAngleRad };
}
