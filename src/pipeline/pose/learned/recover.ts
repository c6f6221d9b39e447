import { InferenceSession, Tensor } from "onnxruntime-node";
import { UnsuitableInputError } from "../../../core/errors.ts";
import type { DecorrelationCurves } from "../decorrelation/curves.ts";
import { observeSweep, type ObserveSweep } from "../decorrelation/observe-sweep.ts";
import { driftSd, perFrame, stepMatrices } from "../decorrelation/recover.ts";
import { recoverSteps, type Steps } from "../decorrelation/recover-steps.ts";
import { inspectSweep, refuseStatic } from "../inspect.ts";
import { chainSteps } from "../null-models.ts";
import type { RecoverMotion } from "../sweep-images.ts";
import { domainDistance, summarise, trust, type TrainingDomain } from "./domain.ts";
import { motionFeatures, PATCH_FEATURES, STEP_FEATURES, type MotionFeatures } from "./features.ts";

/** A network that corrects the classical steps (training/trackerless), and what it was trained on. */
export interface PoseModel {
  /** An ONNX file. */
  readonly weights: Uint8Array;
  readonly domain: TrainingDomain;
  readonly curves: DecorrelationCurves;
}

/** Corrections and drift of each step, as the network gives them. */
export interface Correction {
  /** [step][6]: logarithm of the length out of the plane; fan, swing, lateral, axial and roll per mm of it. */
  readonly mean: Float32Array;
  /** [step][3]: logarithm of the drift of the image's centre in this step, one standard deviation, mm. */
  readonly rate: Float32Array;
}

/** The classical estimate corrected by a network, as far as the sweep is like those that it was trained on. */
export async function learnedMotion(
  model: PoseModel,
  dynamicRangeDb: number,
  observe: ObserveSweep = observeSweep,
): Promise<RecoverMotion> {
  const session = await openPoseSession(model.weights);
  return async (sweep) => {
    const observation = await observe(sweep, dynamicRangeDb);
    refuseStatic(sweep, observation);
    const classical = recoverSteps(observation, model.curves);
    const features = motionFeatures(observation, classical, model.curves);
    const distance = domainDistance(model.domain, summarise(features)),
      share = trust(distance);
    const correction = await infer(session, features);
    const steps = applyCorrection(classical, features, correction, share);
    const own = learnedSd(correction),
      fallBack = driftSd(classical, model.curves.scaleSd);
    // Outside the domain both may be wrong at once: the errors add up.
    const sd = own.map((value, i) => share * value + (1 - share) * Math.hypot(value, 2 * fallBack[i]!));
    return {
      firstFromImage: perFrame(chainSteps(stepMatrices(steps)), 12, observation),
      centreSdMm: perFrame(sd, 3, observation),
      warnings: [...inspectSweep(sweep, observation, classical), ...(share < 1 ? [foreign(distance, share)] : [])],
    };
  };
}

const foreign = (distance: number, share: number): string =>
  `the speckle is ${distance.toFixed(1)} times as far from the training sweeps as they are from each other: ` +
  `${Math.round(100 * share)} % of the network's correction is used, and the stated errors grow`;

export async function openPoseSession(weights: Uint8Array): Promise<InferenceSession> {
  const session = await InferenceSession.create(Uint8Array.from(weights), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const missing = ["patch", "step"].filter((name) => !session.inputNames.includes(name));
  if (missing.length === 0 && session.outputNames.includes("mean") && session.outputNames.includes("rate"))
    return session;
  throw new UnsuitableInputError(
    `the pose network has the inputs ${session.inputNames.join(", ")} and the outputs ${session.outputNames.join(", ")}`,
    "Export it with training/trackerless/export.py: inputs patch and step, outputs mean and rate",
  );
}

export async function infer(
  session: InferenceSession,
  { steps, patches, patch, step }: MotionFeatures,
): Promise<Correction> {
  const answer = await session.run({
    patch: new Tensor("float32", patch, [1, steps, patches, PATCH_FEATURES]),
    step: new Tensor("float32", step, [1, steps, STEP_FEATURES]),
  });
  return { mean: answer["mean"]!.data as Float32Array, rate: answer["rate"]!.data as Float32Array };
}

/** As `corrected` of training/trackerless/model.py; `share` of it. */
export function applyCorrection(
  { txMm, tyMm, tzMm, rxRad, ryRad, rzRad, ...rest }: Steps,
  { steps, sign, middleMm: [mx, my] }: Pick<MotionFeatures, "steps" | "sign" | "middleMm">,
  { mean }: Pick<Correction, "mean">,
  share: number,
): Steps {
  const out = { txMm: txMm.slice(), tyMm: tyMm.slice(), tzMm: tzMm.slice(), rxRad: rxRad.slice(), ryRad: ryRad.slice(), rzRad: rzRad.slice() }; // prettier-ignore
  for (let s = 0; s < steps; s++) {
    const i = s + 1,
      of = (k: number): number => share * mean[6 * s + k]!;
    const way = (tzMm[i]! + rxRad[i]! * my - ryRad[i]! * mx) * Math.exp(of(0)),
      length = Math.abs(way);
    out.rxRad[i]! += sign[s]! * length * of(1);
    out.ryRad[i]! += sign[s]! * length * of(2);
    out.txMm[i]! += length * of(3);
    out.tyMm[i]! += length * of(4);
    out.rzRad[i]! += length * of(5);
    out.tzMm[i] = way - out.rxRad[i]! * my + out.ryRad[i]! * mx;
  }
  return { ...rest, ...out };
}

/** Drifts of the steps added up, 3 numbers a picture, the first 0. */
function learnedSd({ rate }: Correction): Float64Array {
  const all = new Float64Array(rate.length + 3);
  for (let at = 0; at < rate.length; at++) all[at + 3] = all[at]! + Math.exp(rate[at]!);
  return all;
}
