import { notModelled as notModelledInEcho } from "../sim/probe/echo.ts";
import type { CalibrationConfig, Scenario, SimulatedSource } from "./schema.ts";

const calibrationNotModelled: { readonly [K in CalibrationConfig["kind"]]: readonly string[] } = {
  truth: ["Calibration is the truth: nothing of the final error is its doing."],
  perturbed: ["Calibration is the truth plus an error of published size, not a session on the bench."],
  sessions: [
    "Calibration sessions: wires are straight, water is still, clean and of one temperature, the tank has no walls, " +
      "and stylus and phantom do not bend.",
  ],
  given: [],
  configuration: [],
};

/** What a scan of this scenario leaves out, in sentences; `ofKnee`: what its phantom does. */
export function notModelledIn(
  scenario: Scenario,
  { operator, leg, tracker }: SimulatedSource,
  ofKnee: readonly string[],
): string[] {
  return [
    ...ofKnee,
    ...notModelledInEcho,
    leg.angleDriftDeg + leg.angleChangeDeg > 0
      ? "Where an image shows femur and tibia at once while the knee's angle changes, both move as one."
      : "The knee is not bent during the scan: femur, tibia and patella keep their places to each other.",
    "Tissue under the probe is squeezed against bone but does not bulge sideways; all of it is equally stiff, and no " +
      "vein or recess is pressed empty.",
    ...(operator.grip.kind === "guided"
      ? ["The probe follows its path as on a robot's arm but for tremor: no contact force, no friction, no hesitation."]
      : []),
    tracker.kind === "aurora"
      ? "The probe's own metal does not bend the tracker's field."
      : "The tracker's cameras see markers only: no stray reflections, no dirt on a marker.",
    ...calibrationNotModelled[scenario.calibration.kind],
  ];
}
