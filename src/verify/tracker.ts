import type { Suite } from "./check.ts";
import { otherChecks } from "./tracker-others.ts";
import { precisionChecks } from "./tracker-precision.ts";
import { solverChecks } from "./tracker-solver.ts";

export const trackerSuite: Suite = {
  name: "tracker",
  about:
    "Simulated trackers err as published: depth and tilt, distance, lever arm, flips, swaps, hidden markers, metal, time",
  checks: [...precisionChecks, ...solverChecks, ...otherChecks],
};
