import { fromAxisAngle, invert, multiply3x4, toQuaternion } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import { mean, standardDeviation } from "../core/stats.ts";
import type { ToolReading } from "../data/device.ts";
import { freeSight, type LineOfSight } from "../sim/tracker/line-of-sight.ts";
import type { MarkerBody } from "../sim/tracker/marker-body.ts";
import { startTracker, type TrackerSpec } from "../sim/tracker/tracker.ts";

export type Pose = Readonly<Float64Array>;
export const RATE_HZ = 120;

/** A pose that looks straight at the tracker from `zMm` away, moved aside by `x`, `y`. */
export const facing = (zMm: number, x = 0, y = 0): Pose =>
  fromAxisAngle<"tracker", "body">([1, 0, 0], 0, [x, y, zMm]).m;

/** Readings of all bodies at each frame of a session. */
export function session(
  spec: TrackerSpec,
  bodies: readonly MarkerBody[],
  frames: number,
  poseOf: (body: number, timeS: number) => Pose,
  { seed = "verify", sight = freeSight }: { readonly seed?: string; readonly sight?: LineOfSight } = {},
): ToolReading[][] {
  const run = startTracker(spec, bodies, sight, createRng(seed));
  return Array.from({ length: frames }, (_, i) => {
    const timeS = i / RATE_HZ;
    return run.observe(
      timeS,
      bodies.map((__, body) => poseOf(body, timeS)),
    );
  });
}

/** Poses of the first body where it is tracked. */
export const trackedPoses = (readings: readonly (readonly ToolReading[])[]): Pose[] =>
  readings.flatMap(([first]) => (first?.status === "tracked" ? [first.trackerFromTool] : []));

/** Small rotation from `truth` to `pose` about the axes of the tool, rad. */
export function rotationError(truth: Pose, pose: Pose): [number, number, number] {
  const [x, y, z] = toQuaternion(multiply3x4(invert({ m: truth }).m, pose));
  return [2 * x, 2 * y, 2 * z];
}

export const rms = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => v * v)));

/** SD of each coordinate of the point (x, y, z) of the tool, mm. */
export function pointSpread(poses: readonly Pose[], [x, y, z]: readonly [number, number, number]): number[] {
  return [0, 4, 8].map((k) =>
    standardDeviation(poses.map((m) => m[k]! * x + m[k + 1]! * y + m[k + 2]! * z + m[k + 3]!)),
  );
}

/** SD of the rotation about each axis of the tool, rad. */
export const turnSpread = (truth: Pose, poses: readonly Pose[]): number[] => {
  const errors = poses.map((pose) => rotationError(truth, pose));
  return [0, 1, 2].map((k) => standardDeviation(errors.map((e) => e[k]!)));
};

/**
 * Four markers 50 mm (rms) from their centroid, which is the origin, no two distances alike, and spread evenly: Σx² = Σy² =
 * 2 · 50² mm² and Σxy = 0, so that it tilts alike about every axis in its plane, as four markers on a circle would. Posts
 * face −z.
 */
export const evenBody: MarkerBody = {
  tool: "Even",
  markersMm: Float64Array.of(-42.0146, -38.4787, 0, 52.6584, -30.045, 0, 8.9123, 45.8581, 0, -19.5561, 22.6655, 0),
  facing: Float64Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? -1 : 0)),
};
