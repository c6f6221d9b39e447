import { distanceOf, fallOf, type DecorrelationCurves } from "../decorrelation/curves.ts";
import { coherencyScale, curvesOf } from "../decorrelation/fit-elevation.ts";
import { LAGS, type SweepObservation } from "../decorrelation/observe-sweep.ts";
import type { Steps } from "../decorrelation/recover-steps.ts";

/** What the network is told of each patch and each step. Training reads the same arrays: change both or neither. */
export interface MotionFeatures {
  /** Steps: pictures less one. */
  readonly steps: number;
  readonly patches: number;
  /** [step][patch][PATCH_FEATURES]; all 0 where a patch was not found at lag 1. */
  readonly patch: Float32Array;
  /** [step][STEP_FEATURES]. */
  readonly step: Float32Array;
  /** Sign of each step out of the plane by the classical method: the network sees every step as one towards +z. */
  readonly sign: Int8Array;
  /** Middle of the image's patches, about which turns are told, mm. */
  readonly middleMm: readonly [number, number];
}

const PER_LAG = 7;
export const PATCH_FEATURES = PER_LAG * LAGS.length + 7;
export const STEP_FEATURES = 10;

/** A step that is shorter than this has no direction to speak of, mm. */
const SHORT_MM = 1e-4;

export function motionFeatures(
  observation: SweepObservation,
  classical: Steps,
  curves: DecorrelationCurves,
): MotionFeatures {
  const { grid, pairs, frames, count } = observation;
  const steps = count - 1,
    patches = grid.count;
  const middleMm = [mean(grid.xMm), mean(grid.yMm)] as const;
  const patch = new Float32Array(steps * patches * PATCH_FEATURES),
    step = new Float32Array(steps * STEP_FEATURES),
    sign = new Int8Array(steps);
  const rows = new Map(LAGS.map((lag) => [lag as number, curvesOf(curves, grid, lag)]));
  const { txMm, tyMm, tzMm, rxRad, ryRad, rzRad, tzSdMm, misfit } = classical;
  for (let s = 0; s < steps; s++) {
    const i = s + 1;
    const middle = tzMm[i]! + rxRad[i]! * middleMm[1] - ryRad[i]! * middleMm[0];
    const towards = middle < -SHORT_MM ? -1 : 1;
    sign[s] = towards;
    let found = 0;
    for (let p = 0; p < patches; p++) {
      if (!pairs.get(LAGS[0])![i]?.found[p]) continue;
      found++;
      const x = grid.xMm[p]!, y = grid.yMm[p]!; // prettier-ignore
      let at = (s * patches + p) * PATCH_FEATURES;
      for (const lag of LAGS) {
        const pair = pairs.get(lag)![i];
        if (pair?.found[p]) {
          const earlier = frames[i - lag]!;
          let ux = 0, uy = 0; // prettier-ignore
          for (let k = i - lag + 1; k <= i; k++) {
            ux += txMm[k]! - rzRad[k]! * y;
            uy += tyMm[k]! + rzRad[k]! * x;
          }
          const fall = fallOf(pair.peak[p]!);
          patch[at] = 1;
          patch[at + 1] = fall;
          patch[at + 2] = distanceOf(curves, rows.get(lag)![p]!, fall) / coherencyScale(curves, earlier, p) / lag;
          patch[at + 3] = (4 * (pair.dxMm[p]! - ux)) / lag;
          patch[at + 4] = (4 * (pair.dyMm[p]! - uy)) / lag;
          patch[at + 5] = -pair.bendX[p]! / 10;
          patch[at + 6] = -pair.bendY[p]! / 10;
        }
        at += PER_LAG;
      }
      const own = frames[i]!;
      const predicted = towards * (tzMm[i]! + rxRad[i]! * y - ryRad[i]! * x);
      patch.set([own.across[p]!, own.down[p]!, own.snr[p]!, x / 20, y / 25 - 1, predicted, 1], at);
    }
    step.set(
      [
        4 * txMm[i]!,
        4 * tyMm[i]!,
        50 * rzRad[i]!,
        2 * towards * middle,
        50 * towards * rxRad[i]!,
        50 * towards * ryRad[i]!,
        10 * tzSdMm[i]!,
        misfit[i]!,
        found / 40,
        s > 0 && sign[s - 1] !== towards ? 1 : 0,
      ],
      s * STEP_FEATURES,
    );
  }
  return { steps, patches, patch, step, sign, middleMm };
}

const mean = (values: Readonly<Float64Array>): number => values.reduce((sum, x) => sum + x, 0) / values.length;
