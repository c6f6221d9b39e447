import type { SurfaceScore } from "../data/report.ts";
import { hausdorff100, hausdorff95 } from "./hausdorff.ts";
import { meanOf, rmsOf, type Summary } from "./summarise.ts";
import { coverage, fScore, precision, surfaceDice } from "./thresholds.ts";

/**
 * All figures of one part from the summaries of A (whole result), B (the part) and the mean of signed A. A figure that
 * needs both directions is null when one of them is empty.
 */
export function surfaceScore(result: Summary, truth: Summary, bias: number | null): SurfaceScore {
  const finite = result.finiteWeight + truth.finiteWeight,
    both = result.finiteWeight > 0 && truth.finiteWeight > 0;
  return {
    assd: both ? (result.sum + truth.sum) / finite : null,
    meanAccuracy: meanOf(result),
    meanCompleteness: meanOf(truth),
    rms: both ? Math.sqrt((result.sumOfSquares + truth.sumOfSquares) / finite) : null,
    rmsAccuracy: rmsOf(result),
    hd95: hausdorff95(result, truth),
    hd100: hausdorff100(result, truth),
    bias,
    precision: precision(result),
    coverage: coverage(truth),
    fScore: fScore(result, truth),
    surfaceDice: surfaceDice(result, truth),
    resultAreaMm2: result.weight,
    truthAreaMm2: truth.weight,
  };
}
