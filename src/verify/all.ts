import type { Suite } from "./check.ts";
import { geometrySuite } from "./geometry.ts";
import { metricsSuite } from "./metrics.ts";

/** In the order of the data's way: files, geometry, the pipeline's parts, scores, the whole. */
export const allSuites: readonly Suite[] = [geometrySuite, metricsSuite];
