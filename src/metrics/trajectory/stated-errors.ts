import { between, frameCount, type Trajectory } from "./trajectory.ts";

/** How often errors of the picture's centre lie within the 95 % that a method states of them. */
export interface StatedErrors {
  /** Share of the frames but the first whose error along the first image's x, y and z lies within 1.96 stated SDs. */
  readonly within: readonly [number, number, number];
  /** Over all frames and axes: 0.95 where what is stated is right. */
  readonly share: number;
  /** Error over stated SD of the last frame, each axis: 1 in size where what is stated is right. */
  readonly last: readonly [number, number, number];
}

/** Of a normal distribution. */
const WITHIN_SD = 1.959964;

/**
 * Estimate less truth of the picture's centre (`x`, `y`, mm of the image frame) in frame i, both in the frame of their
 * first image, along its lateral, axial and elevational axis: 3 numbers a frame, mm.
 */
export function centreErrors(estimate: Trajectory, truth: Trajectory, [x, y]: readonly [number, number]): Float64Array {
  const all = new Float64Array(3 * frameCount(truth));
  for (let i = 0; i < frameCount(truth); i++) {
    const a = between(estimate, 0, i),
      b = between(truth, 0, i);
    for (let axis = 0; axis < 3; axis++) {
      const d = (k: number): number => a[4 * axis + k]! - b[4 * axis + k]!;
      all[3 * i + axis] = d(0) * x + d(1) * y + d(3);
    }
  }
  return all;
}

/** `errorMm` and `sdMm`: 3 numbers a frame, the first of which is not judged. A stated SD of 0 holds no error but 0. */
export function statedErrors(errorMm: Readonly<Float64Array>, sdMm: Readonly<Float64Array>): StatedErrors {
  const frames = errorMm.length / 3;
  const held: [number, number, number] = [0, 0, 0],
    last: [number, number, number] = [0, 0, 0];
  for (let at = 3; at < errorMm.length; at++) {
    const error = errorMm[at]!,
      sd = sdMm[at]!,
      axis = (at % 3) as 0 | 1 | 2;
    if (Math.abs(error) <= WITHIN_SD * sd) held[axis] += 1 / (frames - 1);
    last[axis] = error / sd;
  }
  return { within: held, share: (held[0] + held[1] + held[2]) / 3, last };
}
