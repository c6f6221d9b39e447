import type { Rng } from "../../core/rng.ts";
import { startElectromagnetic, type ElectromagneticTracker } from "./electromagnetic.ts";
import type { LineOfSight } from "./line-of-sight.ts";
import type { MarkerBody } from "./marker-body.ts";
import { startOptical, type OpticalTracker } from "./optical.ts";
import type { TrackerRun } from "./tracker-run.ts";

/** Every kind of tracker that can be simulated, as data. */
export type TrackerSpec = OpticalTracker | ElectromagneticTracker;

export function startTracker(
  spec: TrackerSpec,
  bodies: readonly MarkerBody[],
  sight: LineOfSight,
  rng: Rng,
): TrackerRun {
  return spec.kind === "optical" ? startOptical(spec, bodies, sight, rng) : startElectromagnetic(spec, bodies, rng);
}
