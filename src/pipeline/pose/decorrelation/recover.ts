import { fromAxisAngle, multiply3x4 } from "../../../core/rigid.ts";
import { inspectSweep, misfitOf, refuseStatic } from "../inspect.ts";
import { chainSteps } from "../null-models.ts";
import type { RecoveredMotion, RecoverMotion } from "../sweep-images.ts";
import type { DecorrelationCurves } from "./curves.ts";
import { observeSweep, type ObserveSweep, type SweepObservation } from "./observe-sweep.ts";
import { recoverSteps, type Steps } from "./recover-steps.ts";

/** Motion within the image's plane alone, by block matching: out of it the probe is taken to stand still. */
export const inPlaneMotion =
  (dynamicRangeDb: number, observe: ObserveSweep = observeSweep): RecoverMotion =>
  async (sweep) => {
    const observation = await observe(sweep, dynamicRangeDb);
    refuseStatic(sweep, observation);
    const steps = recoverSteps(observation, undefined);
    return {
      firstFromImage: perFrame(chainSteps(stepMatrices(steps)), 12, observation),
      warnings: inspectSweep(sweep, observation, steps),
    };
  };

/** All six degrees of freedom, those out of the plane by how speckle decorrelates. */
export const decorrelationMotion =
  (curves: DecorrelationCurves, dynamicRangeDb: number, observe: ObserveSweep = observeSweep): RecoverMotion =>
  async (sweep): Promise<RecoveredMotion> => {
    const observation = await observe(sweep, dynamicRangeDb);
    refuseStatic(sweep, observation);
    const steps = recoverSteps(observation, curves);
    return {
      firstFromImage: perFrame(chainSteps(stepMatrices(steps)), 12, observation),
      centreSdMm: perFrame(driftSd(steps, curves.scaleSd), 3, observation),
      warnings: inspectSweep(sweep, observation, steps),
    };
  };

/** From `width` numbers a picture to as many a frame. */
export function perFrame(ofPictures: Float64Array, width: number, { pictureOf }: SweepObservation): Float64Array {
  const all = new Float64Array(width * pictureOf.length);
  pictureOf.forEach((picture, i) => all.set(ofPictures.subarray(width * picture, width * (picture + 1)), width * i));
  return all;
}

/** Each step as a row-major 3×4, image i + 1 to image i. */
export function stepMatrices({ txMm, tyMm, tzMm, rxRad, ryRad, rzRad }: Steps): Float64Array[] {
  return Array.from({ length: txMm.length - 1 }, (_, k) => {
    const i = k + 1;
    const turn = [rxRad[i]!, ryRad[i]!, rzRad[i]!] as const,
      angle = Math.hypot(...turn);
    const { m } = fromAxisAngle(angle > 0 ? turn : [1, 0, 0], angle, [txMm[i]!, tyMm[i]!, tzMm[i]!]);
    return multiply3x4(m, Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
  });
}

/** Way within the plane that anatomy feigns for each mm out of it: it slants by a few degrees. One SD, per axis. */
const SLANT_SD = 0.06;
/** Of one step within the plane: what a match of whole pictures is worth (recover-steps.ts). */
const IN_PLANE_STEP_SD_MM = 0.03;

/**
 * Stated SD of the picture's middle against the first picture, along x, y and z of that, mm, 3 numbers a picture. Errors of
 * steps add up as a walk; that of the curves' scale, and slanted anatomy, as the way of the middle (the face of a probe that
 * fans stands still, its picture does not). Where the falls do not fit the curves, lags contradict each other, or depths do
 * (another lens), the scale is worth as much less.
 */
export function driftSd(
  { tzMm, rxRad, ryRad, tzSdMm, misfit, lagDisagreement, feignedScaleSd, middleMm: [x, y] }: DriftOf,
  calibratedScaleSd: number,
): Float64Array {
  const all = new Float64Array(3 * tzMm.length),
    scaleSd = Math.hypot(calibratedScaleSd * Math.max(1, misfitOf(misfit)), lagDisagreement, feignedScaleSd);
  let way = 0,
    variance = 0;
  for (let i = 1; i < tzMm.length; i++) {
    way += tzMm[i]! + rxRad[i]! * y - ryRad[i]! * x;
    variance += tzSdMm[i]! ** 2;
    all[3 * i] = all[3 * i + 1] = Math.hypot(SLANT_SD * way, IN_PLANE_STEP_SD_MM * Math.sqrt(i));
    all[3 * i + 2] = Math.hypot(scaleSd * way, Math.sqrt(variance));
  }
  return all;
}

type DriftOf = Pick<
  Steps,
  "tzMm" | "rxRad" | "ryRad" | "tzSdMm" | "misfit" | "lagDisagreement" | "feignedScaleSd" | "middleMm"
>;
