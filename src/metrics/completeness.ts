import type { Metric } from "../data/measurement.ts";
import type { TruthPart } from "../data/report.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";

/**
 * Distance of every bit of a part of the true bone to the result, by area; infinite where there is no result at all.
 * Blind to surface that the result has too much: see accuracy.ts.
 */
export const completeness: Metric<SurfaceComparison, TruthPart> = {
  name: "completeness",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure({ truth }, part) {
    const chosen = indicesOfPart(truth.reachable, part);
    if (chosen.length === 0) return { status: "failed", reason: `no ${part} part of the true bone is left to judge` };
    return {
      status: "measured",
      samples: Float64Array.from(chosen, (i) => truth.distanceMm[i]!),
      weights: Float64Array.from(chosen, (i) => truth.weights[i]!),
    };
  },
};

/** Which true samples belong to the part, in order. */
export function indicesOfPart(reachable: Readonly<Uint8Array>, part: TruthPart): Uint32Array {
  const chosen: number[] = [];
  reachable.forEach((flag, i) => {
    if (part === "whole" || (part === "reachable") === (flag === 1)) chosen.push(i);
  });
  return Uint32Array.from(chosen);
}
