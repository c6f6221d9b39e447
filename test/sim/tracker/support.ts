import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { ToolReading } from "../../../src/data/device.ts";
import { freeSight, type LineOfSight } from "../../../src/sim/tracker/line-of-sight.ts";
import type { MarkerBody } from "../../../src/sim/tracker/marker-body.ts";
import { startTracker, type TrackerSpec } from "../../../src/sim/tracker/tracker.ts";

export type Pose = Readonly<Float64Array>;

export const facing = (zMm: number, x = 0, y = 0): Pose =>
  fromAxisAngle<"tracker", "body">([1, 0, 0], 0, [x, y, zMm]).m;

/** 120 frames a second. */
export function watch(
  spec: TrackerSpec,
  bodies: readonly MarkerBody[],
  frames: number,
  poseOf: (timeS: number, body: number) => Pose,
  { sight = freeSight, seed = "tracker" }: { readonly sight?: LineOfSight; readonly seed?: string } = {},
): ToolReading[][] {
  const run = startTracker(spec, bodies, sight, createRng(seed));
  return Array.from({ length: frames }, (_, i) =>
    run.observe(
      i / 120,
      bodies.map((__, body) => poseOf(i / 120, body)),
    ),
  );
}
