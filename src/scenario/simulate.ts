import { UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { compose, invert, multiply3x4, transformPoint } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { mean } from "../core/stats.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { Calibration } from "../data/calibration.ts";
import type { GroundTruth, TrueBone } from "../data/ground-truth.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Sweep } from "../data/recording.ts";
import { transformMesh } from "../geometry/mesh.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import { followLeg, moveLeg, type LegOptions } from "../sim/operator/leg-motion.ts";
import type { ProbeMotion } from "../sim/operator/motion.ts";
import { axesThrough } from "../sim/knee/axes.ts";
import { clinicalSweeps, type PatientGuide, type SweepPlan } from "../sim/operator/sweep-plan.ts";
import { trackerlessSweeps } from "../sim/operator/trackerless-sweeps.ts";
import { polledImager } from "../sim/probe/imager-device.ts";
import { pollScanner, type PolledImage } from "../sim/probe/polling.ts";
import { apertureMm, imageGeometry } from "../sim/probe/probe.ts";
import { renderFrames } from "../sim/probe/render.ts";
import { boneOf, type Scene, skinOf } from "../sim/scene.ts";
import { countInsonified } from "../sim/truth/insonified.ts";
import { acquire, type Acquisition } from "./acquire.ts";
import { notModelledIn } from "./not-modelled.ts";
import { disturb } from "./disturb.ts";
import { acquisitionTruth } from "./acquisition-truth.ts";
import { moveProbe } from "./build.ts";
import { buildKneeAnew, type ObtainKnee } from "./built-knees.ts";
import type { RenderPictures } from "./cached-pictures.ts";
import { imageSettingsOf, probeOf } from "./scanner.ts";
import { kneeFromFemurBody, trueCalibration } from "./rig.ts";
import type { Scenario, SimulatedSource } from "./schema.ts";
import { inertialSensorOf } from "./simulated-inertial.ts";
import { poseDelayS } from "./tracker-timing.ts";
import { trackerOf, type TrackedScan } from "./simulated-tracker.ts";

export interface Simulation {
  readonly truth: GroundTruth;
  readonly geometry: ImageGeometry;
}

/** A scan that has been planned and not yet made: the devices render and observe when they are read. */
export interface PlannedScan {
  readonly acquisition: Acquisition;
  readonly geometry: ImageGeometry;
  /** The true one. */
  readonly calibration: Calibration;
  /** Of the images that have been read from the imager until then. */
  truth(): GroundTruth;
}

interface SimulateContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  /** Whether a recording that is there already may be replaced. */
  readonly overwrite: boolean;
  /** Rendered when absent. */
  readonly pictures?: RenderPictures;
  /** Built when absent. */
  readonly knees?: ObtainKnee;
  /** As `ImagerTiming.together`. */
  readonly together?: number;
}

const radians = (deg: number): number => (deg * Math.PI) / 180;

/** Spans the gap between neighbouring frames of a stroke when truth triangles are marked as seen. */
const MIN_REACH_MM = 0.75;

/** Simulates the acquisition of a scenario into `recordingPath` and returns the truth. */
export async function simulate(
  scenario: Scenario,
  source: SimulatedSource,
  recordingPath: string,
  context: SimulateContext,
): Promise<Simulation> {
  const { acquisition, geometry, truth } = await planScan(scenario, source, context);
  await acquire(recordingPath, acquisition, context);
  return { geometry, truth: truth() };
}

/**
 * The devices of a scenario and what the operator notes. The truth is in the frame of the femur's marker body, which is
 * the reference frame of the default rig.
 */
export async function planScan(
  scenario: Scenario,
  source: SimulatedSource,
  {
    log,
    workers,
    pictures = renderFrames,
    knees = buildKneeAnew,
    together,
  }: Pick<SimulateContext, "log" | "workers" | "pictures" | "knees" | "together">,
): Promise<PlannedScan> {
  const rng = createRng(scenario.seed);
  log.info("building the knee");
  const { phantom: knee, scene } = await knees(source.phantom, source.phantom.seed ?? scenario.seed);
  for (const note of knee.notes) log.info(note);
  for (const warning of knee.warnings) log.warn(warning);
  const { imaging } = source;
  const probe = probeOf(source.probe),
    settings = imageSettingsOf(imaging);
  const geometry = imageGeometry(probe, settings);
  const scan = planMotion(source, knee, scene, rng);
  const { motion } = scan;
  const images = pollScanner(motion.sweeps, imaging, rng.fork("polling"));

  warnOfFaceInBone(scene, motion, images, log);

  const hits: Float32Array[] = [],
    ridges: Float32Array[] = [];
  const render = async (batchS: readonly number[], firstPicture: number) => {
    const poses = new Float64Array(batchS.length * 12);
    batchS.forEach((timeS, i) => poses.set(motion.sceneFromImage(timeS).m, i * 12));
    const frames = await pictures({
      scene,
      probe,
      settings,
      seed: scenario.seed,
      poses,
      firstFrame: firstPicture,
      workers,
    });
    return frames.map((frame, i) => {
      hits[firstPicture + i] = frame.hitsMm;
      ridges[firstPicture + i] = frame.trueRidge;
      return { width: geometry.width, height: geometry.height, pixels: frame.pixels };
    });
  };

  const frameGapMm = source.operator.speedMmPerS / imaging.rateHz;
  const reach = {
    reachMm: Math.max(MIN_REACH_MM, 0.75 * frameGapMm),
    maxIncidenceRad: radians(scenario.scoring.maxIncidenceDeg),
  };
  const calibration: Calibration = trueCalibration(geometry, meanLagS(source, images));
  const { imager, tracker, recorded } = disturb(
    polledImager(images, { ...imaging, lagS: stampDelayS(imaging), ...(together && { together }) }, render),
    trackerOf(source.tracker, scan, rng.fork("tracker")),
    source.faults,
    rng.fork("faults"),
  );
  return {
    geometry,
    calibration,
    acquisition: {
      imager,
      tracker,
      ...(source.imu ? { sensors: [inertialSensorOf(source.imu, scan, rng.fork("imu"))] } : {}),
      geometry,
      points: [
        ...digitise(knee, source.operator.landmarkErrorMm, rng.fork("landmarks")),
        ...touchDivots(knee, source.phantom.printed?.touchErrorMm ?? 0, rng.fork("divots")),
      ],
      sweeps: motion.sweeps.map(({ name, fromS, toS }): Sweep => ({ name, fromS, toS })),
      expectedImages: images.length,
    },
    truth: () =>
      truthOf(scenario, source, { scan, images: recorded(images), geometry, calibration, hits, ridges, reach }),
  };
}

/** From the poll to the stamp: a picture is half a period of the scanner old on average when it is polled. */
const stampDelayS = ({ lagS, scannerRateHz }: SimulatedSource["imaging"]): number => lagS - 0.5 / scannerRateHz;

/** From the time of the host at which the tracker's poses seem to be, to the stamps of the images, on average. */
function meanLagS({ imaging, tracker }: SimulatedSource, images: readonly PolledImage[]): number {
  const ageS = mean(images.map(({ pollS, echoS }) => pollS - echoS));
  return stampDelayS(imaging) + ageS - poseDelayS(tracker);
}

export function planMotion(source: SimulatedSource, knee: Phantom, scene: Scene, rng: Rng): TrackedScan {
  const { operator } = source;
  const skin = knee.probePath ?? skinOf(scene);
  const plans = chosenSweeps(protocols[operator.protocol](knee.guide()), operator.sweeps);
  const onModel = moveProbe(operator.grip, plans, { skin, bone: boneOf(scene) }, operator, rng.fork("operator"));
  const leg = moveLeg(onModel.sweeps, legOptions(source.leg), rng.fork("leg"));
  const { m } = knee.pose.kneeFromTibia;
  const lowerLeg = { jointMm: knee.guide().tibialPlateauCentreMm, down: [-m[2]!, -m[6]!, -m[10]!] as const };
  return { knee, motion: followLeg(onModel, leg, lowerLeg), leg, plans, skin };
}

const protocols: {
  readonly [K in SimulatedSource["operator"]["protocol"]]: (guide: PatientGuide) => SweepPlan[];
} = { clinical: clinicalSweeps, trackerless: trackerlessSweeps };

const legOptions = ({ shiftMm, turnDeg, angleDriftDeg, angleChangeDeg }: SimulatedSource["leg"]): LegOptions => ({
  shiftMm,
  turnRad: radians(turnDeg),
  angleDriftRad: radians(angleDriftDeg),
  angleChangeRad: radians(angleChangeDeg),
});

/** A planned press may be deeper than the tissue over bone: such a pose has no image. */
function warnOfFaceInBone(scene: Scene, motion: ProbeMotion, images: readonly PolledImage[], log: Log): void {
  const bone = boneOf(scene);
  const inBone = images.filter(({ echoS }) => {
    const { m } = motion.sceneFromImage(echoS);
    return bone.distanceMm(m[3]!, m[7]!, m[11]!) < 0;
  }).length;
  if (inBone > 0) {
    log.warn(
      `in ${inBone} of ${images.length} images the face lies inside bone: ` +
        "the tissue there is thinner than the probe is pressed in (operator.grip.pressMm)",
    );
  }
}

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

/** Where the model has what the operator palpates, by the names of a recording; knee frame, mm. */
export function palpatedLandmarks({
  landmarks,
}: Phantom): { readonly name: string; readonly positionMm: readonly [number, number, number] }[] {
  return Object.entries(palpated).map(([name, trueName]) => {
    const found = landmarks.find((l) => l.name === trueName);
    if (!found) throw new Error(`the knee has no landmark "${trueName}"`);
    return { name, positionMm: found.positionMm };
  });
}

/** The operator touches the landmarks through the skin, with an error in every axis. In the femur body's frame. */
function digitise(knee: Phantom, errorMm: number, rng: Rng): DigitisedPoint[] {
  const bodyFromKnee = invert(kneeFromFemurBody(knee.lateralSign)).m;
  return palpatedLandmarks(knee).map(({ name, positionMm: [x, y, z] }) => {
    const noise = rng.fork(name);
    const off = (): number => errorMm * noise.normal();
    return { name, body: "Femur", positionMm: transformPoint(bodyFromKnee, x + off(), y + off(), z + off()) };
  });
}

/** The divots of a printed part, into which the stylus is set. In the femur body's frame, as all points. */
function touchDivots({ printed, lateralSign }: Phantom, errorMm: number, rng: Rng): DigitisedPoint[] {
  const bodyFromKnee = invert(kneeFromFemurBody(lateralSign)).m;
  return (printed?.divots ?? []).map(({ name, positionMm: [x, y, z] }) => {
    const noise = rng.fork(name);
    const off = (): number => errorMm * noise.normal();
    // The drawing's axes are those of files: half a turn about z from the knee's.
    return { name, body: "Femur", positionMm: transformPoint(bodyFromKnee, -x + off(), -y + off(), z + off()) };
  });
}

interface TruthParts {
  readonly scan: TrackedScan;
  /** Those in the recording, in order. */
  readonly images: readonly PolledImage[];
  readonly geometry: ImageGeometry;
  readonly calibration: Calibration;
  /** Of each picture that the scanner made. */
  readonly hits: readonly Float32Array[];
  readonly ridges: readonly Float32Array[];
  readonly reach: { readonly reachMm: number; readonly maxIncidenceRad: number };
}

function truthOf(
  scenario: Scenario,
  source: SimulatedSource,
  { scan, images, geometry, calibration, hits, ridges, reach }: TruthParts,
): GroundTruth {
  const { knee, motion } = scan;
  const kneeFromFemur = kneeFromFemurBody(knee.lateralSign),
    femurFromKnee = invert(kneeFromFemur);
  const seen = [...new Set(images.map(({ picture }) => picture))].flatMap((picture) => hits[picture] ?? []);
  const allHits = new Float32Array(seen.reduce((n, h) => n + h.length, 0));
  let at = 0;
  for (const part of seen) {
    allHits.set(part, at);
    at += part.length;
  }
  const bones = knee.bones.map((bone): TrueBone => {
    const { m } = kneeFromFemur;
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
  const referenceFromPixel = new Float64Array(images.length * 12);
  images.forEach(({ echoS }, i) => {
    const pose = compose(femurFromKnee, motion.kneeFromImage(echoS));
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
    trueRidge: (index) => ridges[images[index]?.picture ?? -1] ?? new Float32Array(geometry.width).fill(NaN),
    acquisition: acquisitionTruth(source.tracker, scan, images, apertureMm(probeOf(source.probe))),
    notModelled: notModelledIn(scenario, source, knee.notModelled),
    ...(knee.printed ? { printed: knee.printed } : {}),
  };
}
