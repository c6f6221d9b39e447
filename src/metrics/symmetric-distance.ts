import type { Metric } from "../data/measurement.ts";
import type { TruthPart } from "../data/report.ts";
import { accuracy } from "./accuracy.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";
import { completeness } from "./completeness.ts";
import { pool } from "./summarise.ts";

/** Both directions pooled by area: the mean is the ASSD, the root mean square the symmetric RMS. */
export const symmetricDistance: Metric<SurfaceComparison, TruthPart> = {
  name: "symmetric-distance",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure(comparison, part) {
    return pool([accuracy.measure(comparison, part), completeness.measure(comparison, part)]);
  },
};
