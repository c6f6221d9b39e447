import type { Suite } from "./check.ts";
import { boneChecks } from "./ultrasound-bone.ts";
import { displayChecks } from "./ultrasound-display.ts";
import { l14Checks } from "./ultrasound-l14.ts";
import { pointChecks } from "./ultrasound-points.ts";
import { speckleChecks } from "./ultrasound-speckle.ts";
import { truthChecks } from "./ultrasound-truth.ts";

/** Checks C1 to C25, in the order of their numbers. C26, speed, belongs to the bench. */
export const ultrasoundSuite: Suite = {
  name: "ultrasound",
  about: "the simulated echo: speckle, point spread, bone, display, against closed forms and an element-level model",
  checks: [...speckleChecks, ...pointChecks, ...boneChecks, ...displayChecks, ...l14Checks, ...truthChecks].sort(
    (a, b) => (a.id < b.id ? -1 : 1),
  ),
};
