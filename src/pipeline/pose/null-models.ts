import { fromAxisAngle, identity, multiply3x4 } from "../../core/rigid.ts";
import type { RecoverMotion, SweepImages } from "./sweep-images.ts";

/** What a method must beat to have seen anything: the probe never moved. */
export const standStillMotion: RecoverMotion = async ({ count }) => ({
  firstFromImage: repeatStep(count, identity().m),
  warnings: [],
});

/**
 * The probe moves out of the image's plane at the speed that the operator meant to keep. Many published networks barely
 * beat it, since sweeps are alike.
 */
export const constantMotion =
  (speedMmPerS: number): RecoverMotion =>
  async (sweep) => ({
    firstFromImage: repeatStep(sweep.count, fromAxisAngle([1, 0, 0], 0, [0, 0, speedMmPerS * meanPeriodS(sweep)]).m),
    warnings: [],
  });

/** Mean time between images, seconds; 0 for a single one. */
export function meanPeriodS({ timeS, count }: Pick<SweepImages, "timeS" | "count">): number {
  return count > 1 ? (timeS[count - 1]! - timeS[0]!) / (count - 1) : 0;
}

function repeatStep(count: number, step: Readonly<Float64Array>): Float64Array {
  return chainSteps(Array.from({ length: Math.max(0, count - 1) }, () => step));
}

/** Poses of the images from the motion between neighbours, each image i + 1 to image i: row-major 3×4, 12 a frame. */
export function chainSteps(steps: readonly Readonly<Float64Array>[]): Float64Array {
  const all = new Float64Array(12 * (steps.length + 1));
  let pose: Float64Array = identity().m.slice();
  all.set(pose);
  steps.forEach((step, i) => {
    pose = multiply3x4(pose, step);
    all.set(pose, 12 * (i + 1));
  });
  return all;
}
