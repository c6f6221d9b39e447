import { fromAxisAngle, multiply3x4 } from "../../../core/rigid.ts";
import { inspectSweep, misfitOf, refuseStatic } from "../inspect.ts";
import { chainSteps } from "../null-models.ts";
import type { RecoveredMotion, RecoverMotion } from "../sweep-images.ts";
import type { DecorrelationCurves } from "./curves.ts";
import { observeSweep, type SweepObservation } from "./observe-sweep.ts";
import { recoverSteps, type Steps } from "./recover-steps.ts";

/** Motion within the image's plane alone, by block matching: out of it the probe is taken to stand still. */
export const inPlaneMotion =
  (dynamicRangeDb: number): RecoverMotion =>
  async (sweep) => {
    const observation = await observeSweep(sweep, dynamicRangeDb);
    refuseStatic(sweep, observation);
    const steps = recoverSteps(observation, undefined);
    return {
      firstFromImage: perFrame(chainSteps(stepMatrices(steps)), 12, observation),
      warnings: inspectSweep(sweep, observation, steps),
    };
  };

/** All six degrees of freedom, those out of the plane by how speckle decorrelates. */
export const decorrelationMotion =
  (curves: DecorrelationCurves, dynamicRangeDb: number): RecoverMotion =>
  async (sweep): Promise<RecoveredMotion> => {
    const observation = await observeSweep(sweep, dynamicRangeDb);
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

/** Where the falls do not fit the curves, their scale is worth as much less. Errors of steps add up as a walk; that of the curves' scale, and slanted anatomy, as the way. */
export function driftSd(
  { tzMm, tzSdMm, misfit }: Pick<Steps, "tzMm" | "tzSdMm" | "misfit">,
  calibratedScaleSd: number,
): Float64Array {
  const all = new Float64Array(3 * tzMm.length),
    scaleSd = calibratedScaleSd * Math.max(1, misfitOf(misfit));
  let way = 0,
    variance = 0;
  for (let i = 1; i < tzMm.length; i++) {
    way += tzMm[i]!;
    variance += tzSdMm[i]! ** 2;
    all[3 * i] = all[3 * i + 1] = SLANT_SD * Math.abs(way);
    all[3 * i + 2] = Math.hypot(scaleSd * way, Math.sqrt(variance));
  }
  return all;
}
