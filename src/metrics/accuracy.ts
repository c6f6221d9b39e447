import type { Metric } from "../data/measurement.ts";
import type { TruthPart } from "../data/report.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";

/**
 * Distance of every bit of the result to the true bone, by area. Always over the whole result, whatever the part: a
 * surface that is not there must cost. Blind to bone that was missed: see completeness.ts.
 */
export const accuracy: Metric<SurfaceComparison, TruthPart> = {
  name: "accuracy",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure({ result }) {
    if (result.distanceMm.length === 0) return { status: "failed", reason: "there is no result surface to judge" };
    return { status: "measured", samples: result.distanceMm, weights: result.weights };
  },
};
