import { invert, multiply3x4 } from "../../core/rigid.ts";

/** Poses of the frames of one sweep: 12 numbers a frame, row-major 3×4 rigid, image to any one frame that stands still. */
export interface Trajectory {
  readonly fromImage: Readonly<Float64Array>;
}

export const frameCount = ({ fromImage }: Trajectory): number => fromImage.length / 12;

export const poseAt = ({ fromImage }: Trajectory, frame: number): Float64Array =>
  fromImage.slice(12 * frame, 12 * frame + 12);

/** T(to ← from): a point of image `from` in the frame of image `to`, both of one trajectory. */
export function between(trajectory: Trajectory, to: number, from: number): Float64Array {
  return multiply3x4(invert({ m: poseAt(trajectory, to) }).m, poseAt(trajectory, from));
}

/** The same motion told in the frame of its first image: the alignment of TUS-REC. */
export function fromFirst(trajectory: Trajectory): Trajectory {
  const fromImage = new Float64Array(trajectory.fromImage.length);
  for (let i = 0; i < frameCount(trajectory); i++) fromImage.set(between(trajectory, 0, i), 12 * i);
  return { fromImage };
}

/** Every frame where the first one is. */
export function standStill(frames: number): Trajectory {
  const fromImage = new Float64Array(12 * frames);
  for (let at = 0; at < fromImage.length; at += 12) fromImage[at] = fromImage[at + 5] = fromImage[at + 10] = 1;
  return { fromImage };
}

/** Why two trajectories cannot be compared, or undefined. */
export function mismatch(estimate: Trajectory, truth: Trajectory): string | undefined {
  if (estimate.fromImage.length !== truth.fromImage.length) {
    return `${frameCount(estimate)} estimated and ${frameCount(truth)} true poses`;
  }
  if (frameCount(truth) < 2) return "a trajectory needs two frames";
  const bad = estimate.fromImage.findIndex((x) => !Number.isFinite(x));
  return bad >= 0 ? `the estimated pose of frame ${Math.floor(bad / 12)} is not finite` : undefined;
}
