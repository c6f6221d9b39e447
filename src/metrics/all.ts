import type { Metric } from "../data/measurement.ts";
import type { TruthPart } from "../data/report.ts";
import { accuracy } from "./accuracy.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";
import { completeness } from "./completeness.ts";
import { signedDistance } from "./signed-distance.ts";
import { symmetricDistance } from "./symmetric-distance.ts";

/** Every metric of a reconstructed surface that has raw samples of its own; what else is reported is made of these. */
export const surfaceMetrics = { accuracy, completeness, symmetricDistance, signedDistance } as const satisfies Readonly<
  Record<string, Metric<SurfaceComparison, TruthPart>>
>;
