import { Matrix, inverse } from "ml-matrix";
import type { Vector3 } from "../vector3.ts";

/** Uncertainty of a registration of the phantom on its body. */
export interface RegistrationCovariance {
  /**
   * 6 × 6, row-major: rotation about the phantom's x, y, z (rad), then translation along them (mm), at the phantom's
   * origin and in its frame.
   */
  readonly matrix: Float64Array;
  readonly degreesOfFreedom: number;
}

/**
 * Of a rigid registration of landmarks that were each touched with the same error in all directions. `pointsMm`: those
 * used, in the phantom's frame; `rmsMm`: the registration's residual. Fewer than three points: no freedom is left.
 */
export function registrationCovariance(pointsMm: readonly Vector3[], rmsMm: number): RegistrationCovariance {
  const n = pointsMm.length,
    degreesOfFreedom = Math.max(1, 3 * n - 6),
    variance = (rmsMm ** 2 * n) / degreesOfFreedom;
  const normal = Matrix.zeros(6, 6);
  for (const [x, y, z] of pointsMm) {
    // A point moves by ω × p + t.
    const j = new Matrix([
      [0, z, -y, 1, 0, 0],
      [-z, 0, x, 0, 1, 0],
      [y, -x, 0, 0, 0, 1],
    ]);
    normal.add(j.transpose().mmul(j));
  }
  const matrix = inverse(normal, true).mul(variance);
  return { matrix: Float64Array.from(matrix.to1DArray()), degreesOfFreedom };
}
