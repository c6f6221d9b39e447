import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Rng } from "../../../core/rng.ts";
import { matrixOf, PARAMETERS } from "./image-model.ts";
import type { SpatialUncertainty } from "./uncertainty.ts";

/** Calibrations that are as likely as the one found, by its own statement: `count` normal draws, row-major 3×4 each. */
export function drawCalibrations(of: SpatialUncertainty, count: number, rng: Rng): Float64Array[] {
  const covariance = (flat: Readonly<Float64Array>): Matrix =>
    Matrix.from1DArray(PARAMETERS, PARAMETERS, Array.from(flat));
  const sum = Matrix.add(covariance(of.fromFrames), covariance(of.fromRegistration));
  // Unit diagonal in between: the parameters are rad, mm and mm a pixel.
  const scale = Array.from({ length: PARAMETERS }, (_, k) => Math.sqrt(Math.max(1e-300, sum.get(k, k))));
  for (let a = 0; a < PARAMETERS; a++)
    for (let b = 0; b < PARAMETERS; b++) sum.set(a, b, sum.get(a, b) / scale[a]! / scale[b]!);
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(sum, { assumeSymmetric: true });
  return Array.from({ length: count }, () => {
    const along = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)) * rng.normal());
    const parameters = of.parameters.map(
      (p, a) => p + scale[a]! * along.reduce((total, x, k) => total + eigenvectorMatrix.get(a, k) * x, 0),
    );
    return matrixOf(parameters, of.rotation);
  });
}
