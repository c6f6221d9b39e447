import type { Rng } from "../../core/rng.ts";
import { fitRigid } from "../../geometry/rigid-fit.ts";
import type { ToolReading } from "../../data/device.ts";

/**
 * A bar of two parallel cameras whose only error is white noise of the centroids: what the stated intervals assume, and
 * cheap enough for hundreds of sessions. The tracker of scenarios is `src/sim/tracker`, with biases and occlusion. Tracker frame: origin midway between them, x along the bar, y down, z the way they
 * look; mm. Errors enter as pixel noise on every marker in every camera, so depth, tilt and lever arm behave as they
 * do on a bench: σ_lateral = z σ/f, σ_depth = √2 z² σ/(f b).
 */
export interface StereoTracker {
  readonly focalPx: number;
  readonly baselineMm: number;
  readonly sensorPx: readonly [number, number];
  /** Standard deviation of a marker's centroid in each axis of each camera. */
  readonly centroidNoisePx: number;
}

/**
 * OptiTrack V120:Duo class: 640×480, 47° field of view, about 0.22 m between the cameras, 0.05 px centroids. The
 * makers publish no accuracy; these are the assumptions under which the published behaviour comes out (depth error
 * about 6× lateral at 1 m, tilt about 0.36° for four markers at 50 mm).
 */
export const duoClass: StereoTracker = {
  focalPx: 736,
  baselineMm: 220,
  sensorPx: [640, 480],
  centroidNoisePx: 0.05,
};

/** Marker centres in the frame of the rigid body, interleaved xyz, mm. */
export interface MarkerBody {
  readonly tool: string;
  readonly markersMm: Float64Array;
}

/** Four markers, no two distances alike (look-alike bodies swap), about 50 mm from their centroid. */
export function fourMarkerBody(tool: string): MarkerBody {
  return { tool, markersMm: Float64Array.of(-46, -28, 0, 52, -20, 6, 14, 50, -4, -20, -2, 10) };
}

/**
 * What the tracker says of one body: projects the markers into both cameras, adds centroid noise, triangulates, and
 * fits the body (Horn). `trackerFromTool`: the true pose, row-major 3×4, mm. Fewer than three markers seen by both
 * cameras: "out-of-volume".
 */
export function observeBody(
  tracker: StereoTracker,
  body: MarkerBody,
  trackerFromTool: Readonly<Float64Array>,
  rng: Rng,
): ToolReading {
  const { focalPx: f, baselineMm: b, sensorPx, centroidNoisePx: noise } = tracker;
  const m = trackerFromTool;
  const model: number[] = [],
    seen: number[] = [];
  for (let i = 0; i < body.markersMm.length; i += 3) {
    const px = body.markersMm[i]!,
      py = body.markersMm[i + 1]!,
      pz = body.markersMm[i + 2]!;
    const x = m[0]! * px + m[1]! * py + m[2]! * pz + m[3]!;
    const y = m[4]! * px + m[5]! * py + m[6]! * pz + m[7]!;
    const z = m[8]! * px + m[9]! * py + m[10]! * pz + m[11]!;
    // Drawn for every marker, seen or not, so that one marker's visibility leaves the noise of the others alone.
    const uLeft = (f * (x + b / 2)) / z + noise * rng.normal(),
      vLeft = (f * y) / z + noise * rng.normal();
    const uRight = (f * (x - b / 2)) / z + noise * rng.normal(),
      vRight = (f * y) / z + noise * rng.normal();
    const inside = (u: number, v: number): boolean => Math.abs(u) < sensorPx[0] / 2 && Math.abs(v) < sensorPx[1] / 2;
    if (z <= 0 || !inside(uLeft, vLeft) || !inside(uRight, vRight)) continue;
    const depth = (f * b) / (uLeft - uRight);
    seen.push((depth * (uLeft + uRight)) / (2 * f), (depth * (vLeft + vRight)) / (2 * f), depth);
    model.push(px, py, pz);
  }
  if (seen.length < 9) return { tool: body.tool, status: "out-of-volume" };
  const fit = fitRigid(Float64Array.from(model), Float64Array.from(seen));
  if (fit.status !== "fitted") return { tool: body.tool, status: "invalid" };
  return { tool: body.tool, status: "tracked", trackerFromTool: fit.m, fitRmsMm: fit.rmsMm };
}
