import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import type { Calibration } from "../../data/calibration.ts";
import type { Recording } from "../../data/recording.ts";
import { openMcap } from "../../io/mcap/reader.ts";
import { calibratePivot, type PivotCalibration } from "../../pipeline/calibration/pivot/calibrate-pivot.ts";
import { registerPhantom, type PhantomRegistration } from "../../pipeline/calibration/landmarks/register-phantom.ts";
import { calibratePoint, type PointResult } from "../../pipeline/calibration/point/calibrate-point.ts";
import { findPoints } from "../../pipeline/calibration/point/find-point.ts";
import { calibratePlane, type PlaneResult } from "../../pipeline/calibration/plane/calibrate-plane.ts";
import { findPlanes } from "../../pipeline/calibration/plane/find-plane.ts";
import { diagnoseSpatial } from "../../pipeline/calibration/diagnosis/diagnose-spatial.ts";
import { allowingFor } from "../../pipeline/calibration/diagnosis/evidence.ts";
import type { Finding, SpatialCause } from "../../pipeline/calibration/diagnosis/finding.ts";
import { relativePoses, type PoseSeries } from "../../pipeline/calibration/pose-series.ts";
import type { Refused } from "../../pipeline/calibration/refused.ts";
import { smoothPoses } from "../../pipeline/calibration/smooth-poses.ts";
import { correctSpeed, type SpeedCorrection, type WaterKnowledge } from "../../pipeline/calibration/sound-speed.ts";
import { calibrateLag, type LagCalibration } from "../../pipeline/calibration/temporal/calibrate-lag.ts";
import { imageSignal } from "../../pipeline/calibration/temporal/image-signal.ts";
import { calibrateSpatial, type SpatialResult } from "../../pipeline/calibration/spatial/calibrate-spatial.ts";
import { findWireFrames } from "../../pipeline/calibration/spatial/find-wire-frames.ts";
import { nWirePhantom } from "../../pipeline/calibration/spatial/nwire-phantom.ts";
import type { Vector3 } from "../../pipeline/calibration/vector3.ts";
import { onHostClock } from "../../pipeline/sync/host-clock.ts";
import { acquire } from "../acquire.ts";
import type { RunContext } from "../run-context.ts";
import type { SessionConditions, SessionKind } from "../schema.ts";
import { planSession, type PlannedSession, type SessionRig } from "./plan-session.ts";

/** What was found on the way; each later session uses the earlier ones, as on the bench. */
export interface SessionResults {
  readonly pivot?: PivotCalibration;
  readonly landmarks?: PhantomRegistration;
  readonly temporal?: LagCalibration;
  readonly spatial?: SpatialResult & { readonly segmented: number; readonly examined: number };
  readonly point?: PointResult & { readonly segmented: number; readonly examined: number };
  readonly plane?: PlaneResult & { readonly segmented: number; readonly examined: number };
  readonly speed?: SpeedCorrection;
  /** What may be wrong with the image's calibration, the likeliest first. */
  readonly diagnosis?: readonly Finding<SpatialCause>[];
}

export interface SessionOutcome {
  readonly planned: PlannedSession;
  readonly recordingPath: string;
  readonly results: SessionResults;
}

/** What has to be known before. */
const before: { readonly [K in SessionKind]: readonly SessionKind[] } = {
  pivot: [],
  landmarks: ["pivot"],
  temporal: [],
  nwire: ["pivot", "landmarks", "temporal"],
  "crossed-wire": ["temporal"],
  plane: ["temporal"],
};

/**
 * Half width of the window over which a stylus's poses are smoothed, s: a camera bar's single pose is off by half a
 * millimetre at the tip, and the hand moves slowly.
 */
const STYLUS_SMOOTH_S = 0.15;
const PROBE_SMOOTH_S = 0.5;
const LAG_SMOOTH_S = 0.2;
/** Views are held for 0.8 s. */
const VIEW_SMOOTH_S = 0.3;
/** To begin with, where the scanner says nothing of its pixels. */
const UNKNOWN_SPACING_MM = [0.1, 0.1] as const;

/** Simulates a session, and those it builds on, into `folder`, and calibrates from the recordings alone. */
export async function calibrateSessions(
  kind: SessionKind,
  rig: SessionRig,
  seed: string,
  folder: string,
  context: RunContext,
): Promise<SessionOutcome> {
  await mkdir(folder, { recursive: true });
  let results: SessionResults = {};
  for (const step of [...before[kind], kind]) {
    const planned = planSession(step, rig, seed, context),
      recordingPath = join(folder, `${step}.mcap`);
    context.log.info(`calibration session: ${step}`);
    await acquire(recordingPath, planned.acquisition, { ...context, overwrite: true });
    const recording = await openMcap(recordingPath);
    try {
      const water = waterKnowledge(rig.conditions, seed);
      const { assumedSpeedMps: assumedMps } = rig.imaging;
      const input = { recording: onHostClock(recording), planned, water, assumedMps, results };
      results = { ...results, ...(await steps[step](input)) };
    } finally {
      await recording.close();
    }
    if (step === kind) return { planned, recordingPath, results };
  }
  throw new Error("unreachable: the list ends with the session itself");
}

/** Of the image on the probe and of its lag; both were found. */
export function calibrationOf({ speed, temporal }: SessionResults): Calibration {
  if (!speed || !temporal) throw new Error("the sessions have calibrated no image");
  return { probeFromPixel: speed.probeFromPixel, imageLagS: temporal.imageLagS };
}

/** What the operator knows of the water: the reading of a thermometer is off by a little. */
function waterKnowledge({ depthFrom, waterC, thermometerSdC }: SessionConditions, seed: string): WaterKnowledge {
  if (depthFrom === "wires") return { kind: "wires" };
  if (depthFrom === "uncorrected") return { kind: "uncorrected" };
  const off = thermometerSdC * createRng(seed).fork("thermometer").normal();
  return { kind: "temperature", temperatureC: Math.min(95, Math.max(0, waterC + off)) };
}

interface StepInput {
  readonly recording: Recording;
  readonly planned: PlannedSession;
  readonly water: WaterKnowledge;
  /** Speed of sound that the scanner shows depths by. */
  readonly assumedMps: number;
  readonly results: SessionResults;
}

const steps: { readonly [K in SessionKind]: (input: StepInput) => Promise<SessionResults> } = {
  pivot: async ({ recording }) => ({ pivot: accepted("pivot", calibratePivot(stylusPoses("pivot", recording))) }),
  async landmarks({ recording, planned: { design }, results }) {
    const series = stylusPoses("landmarks", recording);
    const wires = design.patterns.flatMap((pattern) => pattern.wires);
    const targetsMm = wires.map(({ frontMm: a, backMm: b }): Vector3 => [
      (a[0] + b[0]) / 2,
      (a[1] + b[1]) / 2,
      (a[2] + b[2]) / 2,
    ]);
    const input = { series, tipMm: results.pivot!.tipMm, landmarks: design.divots, targetsMm };
    return { landmarks: accepted("landmarks", registerPhantom(input)) };
  },
  async temporal({ recording }) {
    const signal = accepted("temporal", await imageSignal(recording.images!)),
      series = smoothPoses(accepted("temporal", relativePoses(recording, "Probe", "Reference")), LAG_SMOOTH_S);
    return { temporal: accepted("temporal", calibrateLag(signal, series)) };
  },
  async nwire({ recording, planned: { design }, water, assumedMps, results }) {
    const phantom = accepted("nwire", nWirePhantom(design.patterns));
    const search = {
      phantom,
      probe: "Probe",
      reference: "Reference",
      referenceFromPhantom: results.landmarks!.bodyFromPhantom,
      smoothS: PROBE_SMOOTH_S,
      imageLagS: results.temporal!.imageLagS,
    };
    const { frames, width, height, segmented, examined } = accepted("nwire", await findWireFrames(recording, search));
    const geometry = recording.images!.nominalGeometry,
      registration = results.landmarks!.covariance;
    const scanner = geometry ? { scanner: { spacingMm: geometry.spacingMm, assumedMps } } : {};
    const spatial = accepted("nwire", calibrateSpatial({ frames, phantom, width, height, registration, ...scanner }));
    const speed = correctSpeed(spatial.probeFromPixel, geometry, water, assumedMps);
    const diagnosis = diagnoseSpatial(allowingFor(speed, spatial.evidence));
    return { spatial: { ...spatial, segmented, examined }, speed, diagnosis };
  },
  async "crossed-wire"({ recording, water, assumedMps, results }) {
    const { images } = recording;
    const found = accepted("crossed-wire", await findPoints(recording, poseSearch(results)));
    const { width, height, nominalGeometry } = images!;
    const point = accepted("crossed-wire", calibratePoint({ frames: found.frames, width, height }));
    const speed = correctSpeed(point.probeFromPixel, nominalGeometry, water, assumedMps);
    return { point: { ...point, segmented: found.segmented, examined: found.examined }, speed };
  },
  async plane({ recording, water, assumedMps, results }) {
    const { images } = recording;
    const found = accepted("plane", await findPlanes(recording, poseSearch(results)));
    const { width, height, nominalGeometry } = images!;
    const spacingMm = nominalGeometry?.spacingMm ?? UNKNOWN_SPACING_MM;
    const plane = accepted("plane", calibratePlane({ frames: found.frames, width, height, spacingMm }));
    const speed = correctSpeed(plane.probeFromPixel, nominalGeometry, water, assumedMps);
    return { plane: { ...plane, segmented: found.segmented, examined: found.examined }, speed };
  },
};

const poseSearch = ({ temporal }: SessionResults) => ({
  probe: "Probe",
  reference: "Reference",
  smoothS: VIEW_SMOOTH_S,
  imageLagS: temporal!.imageLagS,
});

/** Poses of the stylus on the reference, smoothed over time. Throws an UnsuitableInputError when there are none. */
export function stylusPoses(session: string, recording: Recording): PoseSeries {
  return smoothPoses(accepted(session, relativePoses(recording, "Stylus", "Reference")), STYLUS_SMOOTH_S);
}

function accepted<T extends object>(session: string, outcome: T | Refused): T {
  if (!("status" in outcome) || outcome.status !== "refused") return outcome as T;
  const { reason, remedy } = outcome as Refused;
  throw new UnsuitableInputError(`Calibration session "${session}": ${reason}`, remedy);
}
