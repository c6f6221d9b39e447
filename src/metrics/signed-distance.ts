import type { Metric } from "../data/measurement.ts";
import type { TruthPart } from "../data/report.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";

/** Signed distance of the result to the true bone, positive outside. Its mean is the bias; errors may cancel in it. */
export const signedDistance: Metric<SurfaceComparison, TruthPart> = {
  name: "signed-distance",
  unit: "mm",
  better: "zero",
  alignment: "none",
  measure({ result }) {
    if (result.signedMm.length === 0) return { status: "failed", reason: "there is no result surface to judge" };
    return { status: "measured", samples: result.signedMm, weights: result.weights };
  },
};
