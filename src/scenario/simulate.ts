import { UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { compose, invert, multiply3x4, transformPoint, type Rigid } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { Calibration } from "../data/calibration.ts";
import type { GroundTruth, TrueBone } from "../data/ground-truth.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Sweep } from "../data/recording.ts";
import { sampleTrilinear } from "../geometry/grid.ts";
import { transformMesh } from "../geometry/mesh.ts";
import type { DistanceField } from "../geometry/distance-field.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import type { ProbeMotion } from "../sim/operator/motion.ts";
import { axesThrough } from "../sim/knee/axes.ts";
import { clinicalSweeps, type SweepPlan } from "../sim/operator/sweep-plan.ts";
import { pollTimes, simulatedImager } from "../sim/probe/imager-device.ts";
import { notModelled as notModelledInEcho } from "../sim/probe/echo.ts";
import { imageGeometry } from "../sim/probe/probe.ts";
import { renderFrames } from "../sim/probe/render.ts";
import type { Scene } from "../sim/scene.ts";
import { simulatedTracker, type TrackedBody } from "../sim/tracker/tracker-device.ts";
import { fourMarkerBody } from "../sim/tracker/stereo.ts";
import { countInsonified } from "../sim/truth/insonified.ts";
import { acquire, type Acquisition } from "./acquire.ts";
import { disturb } from "./disturb.ts";
import { buildPhantom, buildTracker, moveProbe } from "./build.ts";
import { imageSettingsOf, probeOf } from "./scanner.ts";
import { kneeFromFemurBody, probeFromImage, tibiaFromTibiaBody, trackerFromKnee, trueCalibration } from "./rig.ts";
import type { CalibrationConfig, GripConfig, Scenario, SimulatedSource } from "./schema.ts";

export interface Simulation {
  readonly truth: GroundTruth;
  readonly geometry: ImageGeometry;
}

/** A scan that has been planned and not yet made: the devices render and observe when they are read. */
export interface PlannedScan {
  readonly acquisition: Acquisition;
  readonly geometry: ImageGeometry;
  /** Of the images that have been read from the imager until then. */
  truth(): GroundTruth;
}

interface SimulateContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  /** Whether a recording that is there already may be replaced. */
  readonly overwrite: boolean;
}

const radians = (deg: number): number => (deg * Math.PI) / 180;

/** Spans the gap between neighbouring frames of a stroke when truth triangles are marked as seen. */
const MIN_REACH_MM = 0.75;

/** Simulates the acquisition of a scenario into `recordingPath` and returns the truth. */
export async function simulate(
  scenario: Scenario,
  source: SimulatedSource,
  recordingPath: string,
  { log, workers, signal, overwrite }: SimulateContext,
): Promise<Simulation> {
  const { acquisition, geometry, truth } = await planScan(scenario, source, { log, workers });
  await acquire(recordingPath, acquisition, { log, signal, overwrite });
  return { geometry, truth: truth() };
}

/**
 * The devices of a scenario and what the operator notes. The truth is in the frame of the femur's marker body, which is
 * the reference frame of the default rig.
 */
export async function planScan(
  scenario: Scenario,
  source: SimulatedSource,
  { log, workers }: Pick<SimulateContext, "log" | "workers">,
): Promise<PlannedScan> {
  const rng = createRng(scenario.seed);
  log.info("building the knee");
  const knee = await buildPhantom(source.phantom, rng.fork("phantom"));
  for (const note of knee.notes) log.info(note);
  for (const warning of knee.warnings) log.warn(warning);
  const { gridSpacingMm, effusionMm } = source.phantom;
  const scene = knee.scene({ spacingMm: gridSpacingMm, effusionMm });
  const { imaging } = source;
  const probe = probeOf(source.probe),
    settings = imageSettingsOf(imaging);
  const geometry = imageGeometry(probe, settings);
  const motion = scan(source, knee, scene, rng);
  const timesS = motion.sweeps.flatMap(({ fromS, toS }) => pollTimes(fromS, toS, imaging.rateHz));

  warnOfFaceInBone(scene, motion, timesS, log);

  const hits: Float32Array[] = [],
    ridges: Float32Array[] = [];
  const render = async (batchS: readonly number[], firstSequence: number) => {
    const poses = new Float64Array(batchS.length * 12);
    batchS.forEach((timeS, i) => poses.set(motion.kneeFromImage(timeS).m, i * 12));
    const frames = await renderFrames({
      scene,
      probe,
      settings,
      seed: scenario.seed,
      poses,
      firstFrame: firstSequence,
      workers,
    });
    return frames.map((frame, i) => {
      hits[firstSequence + i] = frame.hitsMm;
      ridges[firstSequence + i] = frame.trueRidge;
      return { width: geometry.width, height: geometry.height, pixels: frame.pixels };
    });
  };

  const frameGapMm = source.operator.speedMmPerS / imaging.rateHz;
  const reach = {
    reachMm: Math.max(MIN_REACH_MM, 0.75 * frameGapMm),
    maxIncidenceRad: radians(scenario.scoring.maxIncidenceDeg),
  };
  const calibration: Calibration = trueCalibration(geometry, imaging.lagS - source.tracker.latencyS);
  const grip = source.operator.grip.kind;
  const { imager, tracker, recorded } = disturb(
    simulatedImager(motion.sweeps, imaging, render),
    trackerOf(source, knee, motion, rng),
    source.faults,
    rng.fork("faults"),
  );
  return {
    geometry,
    acquisition: {
      imager,
      tracker,
      geometry,
      points: digitise(knee, source.operator.landmarkErrorMm, rng.fork("landmarks")),
      sweeps: motion.sweeps.map(({ name, fromS, toS }): Sweep => ({ name, fromS, toS })),
      expectedImages: timesS.length,
    },
    truth: () => {
      const images = { timesS: recorded(timesS), hits: recorded(hits), ridges: recorded(ridges) };
      const left = { grip, faults: source.faults.length, calibratedBy: scenario.calibration.kind };
      return truthOf(knee, { motion, ...images, geometry, calibration, reach, left });
    },
  };
}

function scan(source: SimulatedSource, knee: Phantom, scene: Scene, rng: Rng): ProbeMotion {
  const { operator } = source;
  const skin: DistanceField = {
    distanceMm: (x, y, z) => sampleTrilinear(scene.grid, scene.skinDistanceMm, x, y, z, FAR_OUTSIDE_MM),
  };
  const plans = chosenSweeps(clinicalSweeps(knee.guide()), operator.sweeps);
  return moveProbe(operator.grip, plans, skin, operator, rng.fork("operator"));
}

/** A planned press may be deeper than the tissue over bone: such a pose has no image. */
function warnOfFaceInBone(scene: Scene, motion: ProbeMotion, timesS: readonly number[], log: Log): void {
  const inBone = timesS.filter((timeS) => {
    const { m } = motion.kneeFromImage(timeS);
    return sampleTrilinear(scene.grid, scene.boneDistanceMm, m[3]!, m[7]!, m[11]!, FAR_OUTSIDE_MM) < 0;
  }).length;
  if (inBone > 0) {
    log.warn(
      `in ${inBone} of ${timesS.length} images the face lies inside bone: ` +
        "the tissue there is thinner than the probe is pressed in (operator.grip.pressMm)",
    );
  }
}

/** Beyond the grid there is only air. */
const FAR_OUTSIDE_MM = 50;

function chosenSweeps(plans: readonly SweepPlan[], names: readonly string[] | undefined): SweepPlan[] {
  if (!names) return [...plans];
  return names.map((name) => {
    const plan = plans.find((p) => p.name === name);
    if (plan) return plan;
    throw new UnsuitableInputError(
      `source.operator.sweeps names "${name}", which the protocol does not have`,
      `Its strokes are ${plans.map((p) => `"${p.name}"`).join(", ")}`,
    );
  });
}

function trackerOf(source: SimulatedSource, knee: Phantom, motion: ProbeMotion, rng: Rng) {
  const { tracker } = source;
  const trackerFromKneeFrame = trackerFromKnee(tracker.distanceMm, knee.lateralSign);
  const imageFromProbe = invert(probeFromImage);
  const still = (kneeFromBody: Rigid<"knee", "femur"> | Rigid<"knee", "body">): Readonly<Float64Array> =>
    multiply3x4(trackerFromKneeFrame.m, kneeFromBody.m);
  const femur = still(kneeFromFemurBody),
    tibia = still(compose(knee.pose.kneeFromTibia, tibiaFromTibiaBody));
  const bodies: TrackedBody[] = [
    {
      ...fourMarkerBody("Probe"),
      trackerFromTool: (timeS) => compose(trackerFromKneeFrame, compose(motion.kneeFromImage(timeS), imageFromProbe)).m,
    },
    { ...fourMarkerBody("Femur"), trackerFromTool: () => femur },
    { ...fourMarkerBody("Tibia"), trackerFromTool: () => tibia },
  ];
  const timing = {
    rateHz: tracker.rateHz,
    latencyS: tracker.latencyS,
    latencySdS: tracker.latencySdS,
    clockOffsetS: tracker.clockOffsetS,
    clockSkew: tracker.clockSkewPpm * 1e-6,
  };
  return simulatedTracker(buildTracker(tracker), bodies, timing, motion.durationS, rng.fork("tracker"));
}

/** What the operator palpates, and where the model has it. */
const palpated: Readonly<Record<string, string>> = {
  "femur-medial-epicondyle": "medial epicondyle",
  "femur-lateral-epicondyle": "lateral epicondyle",
  "patella-superior-pole": "proximal pole",
  "patella-inferior-pole": "distal pole",
  "tibia-tubercle": "tibial tubercle",
  "tibia-medial-plateau": "medial plateau border",
  "tibia-lateral-plateau": "lateral plateau border",
  "fibula-head": "fibular tip",
};

function landmark({ landmarks }: Phantom, name: string): readonly [number, number, number] {
  const found = landmarks.find((l) => l.name === name);
  if (!found) throw new Error(`the knee has no landmark "${name}"`);
  return found.positionMm;
}

/** The operator touches the landmarks through the skin, with an error in every axis. In the femur body's frame. */
function digitise(knee: Phantom, errorMm: number, rng: Rng): DigitisedPoint[] {
  const bodyFromKnee = invert(kneeFromFemurBody).m;
  return Object.entries(palpated).map(([name, trueName]) => {
    const [x, y, z] = landmark(knee, trueName);
    const noise = rng.fork(name);
    const off = (): number => errorMm * noise.normal();
    return { name, body: "Femur", positionMm: transformPoint(bodyFromKnee, x + off(), y + off(), z + off()) };
  });
}

interface TruthParts {
  readonly motion: ProbeMotion;
  readonly timesS: readonly number[];
  readonly geometry: ImageGeometry;
  readonly calibration: Calibration;
  readonly hits: readonly Float32Array[];
  readonly ridges: readonly Float32Array[];
  readonly left: LeftOut;
  readonly reach: { readonly reachMm: number; readonly maxIncidenceRad: number };
}

function truthOf(
  knee: Phantom,
  { motion, timesS, geometry, calibration, hits, ridges, reach, left }: TruthParts,
): GroundTruth {
  const femurFromKnee = invert(kneeFromFemurBody);
  const allHits = new Float32Array(hits.reduce((n, h) => n + h.length, 0));
  let at = 0;
  for (const part of hits) {
    allHits.set(part, at);
    at += part.length;
  }
  const bones = knee.bones.map((bone): TrueBone => {
    const { m } = kneeFromFemurBody;
    return {
      name: bone.name,
      mesh: transformMesh(bone.mesh, femurFromKnee.m),
      distance: { distanceMm: (x, y, z) => bone.distance.distanceMm(...transformPoint(m, x, y, z)) },
      insonified: countInsonified(bone.mesh, allHits, reach),
      region: bone.region,
      regionNames: bone.regionNames,
    };
  });
  const fromPixel = imageFromPixel(geometry);
  const referenceFromPixel = new Float64Array(timesS.length * 12);
  timesS.forEach((timeS, i) => {
    const pose = compose(femurFromKnee, motion.kneeFromImage(timeS));
    referenceFromPixel.set(multiply3x4(pose.m, fromPixel), i * 12);
  });
  const landmarks = knee.landmarks.map((landmark) => ({
    ...landmark,
    positionMm: transformPoint(femurFromKnee.m, ...landmark.positionMm),
  }));
  return {
    bones,
    landmarks,
    axes: axesThrough(landmarks),
    angles: knee.angles,
    calibration,
    referenceFromPixel,
    trueRidge: (index) => ridges[index] ?? new Float32Array(geometry.width).fill(NaN),
    notModelled: notModelled(knee, left),
  };
}

/** What decides on which sentences of `notModelled` hold. */
interface LeftOut {
  readonly grip: GripConfig["kind"];
  readonly faults: number;
  readonly calibratedBy: CalibrationConfig["kind"];
}

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

function notModelled(knee: Phantom, { grip, faults, calibratedBy }: LeftOut): string[] {
  return [
    ...knee.notModelled,
    ...notModelledInEcho,
    "The leg does not move: femur, tibia and patella stay where they are during the scan.",
    "Tissue under the probe is squeezed against bone but does not bulge sideways; all of it is equally stiff.",
    ...(grip === "guided"
      ? ["The probe follows its path as on a robot's arm but for tremor: no contact force, no friction, no hesitation."]
      : []),
    "The tracker has white centroid noise on every marker; it has no occlusion, no marker swaps, no warm-up drift and " +
      "no smoothing.",
    ...(faults === 0 ? ["No image is lost, skipped or delivered twice."] : []),
    ...calibrationNotModelled[calibratedBy],
  ];
}
