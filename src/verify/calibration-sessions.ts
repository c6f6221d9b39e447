import type { Rng } from "../core/rng.ts";
import { fitRigid } from "../geometry/rigid-fit.ts";
import {
  registrationCovariance,
  type RegistrationCovariance,
} from "../pipeline/calibration/landmarks/registration-covariance.ts";
import type { PoseSeries } from "../pipeline/calibration/pose-series.ts";
import { smoothPoses } from "../pipeline/calibration/smooth-poses.ts";
import { nWirePhantom, type Wire } from "../pipeline/calibration/spatial/nwire-phantom.ts";
import type { SpatialInput } from "../pipeline/calibration/spatial/calibrate-spatial.ts";
import { placePhantom, type WireFrame } from "../pipeline/calibration/spatial/wire-frames.ts";
import type { Vector3 } from "../pipeline/calibration/vector3.ts";
import type { WireSessionFaults } from "../sim/calibration-points/faults.ts";
import {
  plannedSession,
  pointImage,
  simulateWireSession,
  type WireSession,
  type WireSessionPlan,
} from "../sim/calibration-points/wire-session.ts";

/** The fCal 2.0 phantom of PLUS (PlusLibData, PlusDeviceSet_fCal_Sim_SpatialCalibration_2.0.xml), mm. */
const FCAL2: readonly (readonly [string, Vector3, Vector3])[] = [
  ["7:G1_g1", [30, 0, 20], [30, 40, 20]],
  ["8:L1_h1", [55, 0, 20], [35, 40, 20]],
  ["9:M1_m1", [60, 0, 20], [60, 40, 20]],
  ["4:G3_g3", [30, 0, 10], [30, 40, 10]],
  ["5:H3_l3", [35, 0, 10], [55, 40, 10]],
  ["6:M3_m3", [60, 0, 10], [60, 40, 10]],
  ["1:H5_h5", [35, 0, 0], [35, 40, 0]],
  ["2:L5_i5", [55, 0, 0], [40, 40, 0]],
  ["3:M5_m5", [60, 0, 0], [60, 40, 0]],
];
const WIRES: readonly Wire[] = FCAL2.map(([name, frontMm, backMm]) => ({ name, frontMm, backMm }));
/** Eight points to touch at the corners of its two side walls, mm. */
export const LANDMARKS: readonly Vector3[] = [-1, 41].flatMap((y): Vector3[] => [
  [20, y, -5],
  [70, y, -5],
  [20, y, 25],
  [70, y, 30],
]);

/** What was refused throws here. */
export function accepted<T extends object>(outcome: T): Exclude<T, { readonly status: "refused" }> {
  if ("status" in outcome && outcome.status === "refused") throw new Error((outcome as { reason?: string }).reason);
  return outcome as Exclude<T, { readonly status: "refused" }>;
}

export const fCalWires = accepted(
  nWirePhantom([0, 3, 6].map((k) => ({ type: "NWire", wires: WIRES.slice(k, k + 3) }))),
);
export const fCalPlan: WireSessionPlan = plannedSession(WIRES, LANDMARKS);

/** What a calibration is given of a simulated session of wire points, and the truth beside it. */
export interface PointSession {
  readonly input: SpatialInput;
  readonly truth: WireSession["truth"];
}

export interface PointSessionOptions {
  readonly plan?: WireSessionPlan;
  readonly faults?: Partial<WireSessionFaults>;
  /** Half width of the window over which poses are smoothed, s; 0: not at all. */
  readonly smoothS?: number;
}

export function pointSession(
  rng: Rng,
  { plan = fCalPlan, faults = {}, smoothS = 0 }: PointSessionOptions = {},
): PointSession {
  const session = simulateWireSession(plan, rng, faults);
  const { referenceFromPhantom, registration } = registered(session);
  return {
    input: {
      ...pointImage,
      frames: wireFrames(session, referenceFromPhantom, smoothS),
      phantom: fCalWires,
      registration,
    },
    truth: session.truth,
  };
}

function registered(session: WireSession): {
  readonly referenceFromPhantom: Float64Array;
  readonly registration: RegistrationCovariance;
} {
  const landmarks = Float64Array.from(LANDMARKS.flat());
  const fit = accepted(fitRigid(landmarks, session.touchedMm));
  return { referenceFromPhantom: fit.m, registration: registrationCovariance(LANDMARKS, fit.rmsMm) };
}

function wireFrames(
  { frames }: WireSession,
  referenceFromPhantom: Readonly<Float64Array>,
  smoothS: number,
): WireFrame[] {
  const series = (pick: (i: number) => Readonly<Float64Array>): PoseSeries => {
    const poses = new Float64Array(12 * frames.length);
    frames.forEach((_, i) => poses.set(pick(i), 12 * i));
    return {
      timeS: Float64Array.from(frames, ({ timeS }) => timeS),
      poses,
      sourceIndex: Uint32Array.from(frames, (_, i) => i),
      dropped: {},
    };
  };
  const smoothed = (raw: PoseSeries): PoseSeries => (smoothS > 0 ? smoothPoses(raw, smoothS) : raw);
  const probe = smoothed(series((i) => frames[i]!.trackerFromProbe)),
    reference = smoothed(series((i) => frames[i]!.trackerFromReference));
  return frames.map((raw, index) => {
    const pose = (of: PoseSeries): Float64Array => of.poses.subarray(12 * index, 12 * index + 12);
    const smooth = { trackerFromProbe: pose(probe), trackerFromReference: pose(reference) };
    const before = frames[index - 1]?.trackerFromProbe;
    const { timeS, pixels, handed } = raw;
    return { index, timeS, pixels, handed, ...placePhantom({ raw, smooth }, referenceFromPhantom, fCalWires, before) };
  });
}
