import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { interpolate, multiply3x4 } from "../../../core/rigid.ts";
import type { RegistrationCovariance } from "../landmarks/registration-covariance.ts";
import type { WireFrame } from "../spatial/wire-frames.ts";
import type { Supposition } from "./suppose.ts";

/** Turns about x, y, z (rad), then shifts along them (mm): how far a body may well be off. */
const BODY_EXPECTED = [0.05, 0.05, 0.05, 4, 4, 4] as const;
const BODY_STEPS = [1e-5, 1e-5, 1e-5, 1e-3, 1e-3, 1e-3] as const;
const STEP_SD = 1e-3;
const LAG_EXPECTED_S = 0.2;
const LAG_STEP_S = 1e-4;
/** Frames further apart say nothing of the speed between them, s. */
const GAP_S = 0.6;

/** The phantom sits elsewhere on its reference than the registration says. */
export const registrationOff: Supposition = {
  expected: BODY_EXPECTED,
  steps: BODY_STEPS,
  undo(frames, by) {
    const motion = motionOf(by);
    return frames.map((frame) => ({ ...frame, probeFromPhantom: multiply3x4(frame.probeFromPhantom, motion) }));
  },
};

/** The same within what a registration's covariance allows: numbers in standard deviations. */
export function registrationWithin({ matrix }: RegistrationCovariance): Supposition {
  const own = Matrix.from1DArray(6, 6, Array.from(matrix)),
    even = own.clone().add(own.transpose()).mul(0.5); // rounding leaves the halves unequal
  const root = new CholeskyDecomposition(even).lowerTriangularMatrix;
  const ones = Array.from({ length: 6 }, () => 1);
  return {
    expected: ones,
    steps: ones.map(() => STEP_SD),
    undo: (frames, by) => registrationOff.undo(frames, root.mmul(Matrix.columnVector([...by])).to1DArray()),
  };
}

/** The markers moved on the probe before frame `from`. */
export const markerMoved = (from: number): Supposition => ({
  expected: BODY_EXPECTED,
  steps: BODY_STEPS,
  undo(frames, by) {
    const motion = motionOf(by);
    return frames.map((frame, i) =>
      i < from ? frame : { ...frame, probeFromPhantom: multiply3x4(motion, frame.probeFromPhantom) },
    );
  },
});

/**
 * The images come later than their poses by one number, s: each is given the pose of that much earlier, between those
 * of `track` (all frames, in order of time), carried on by its speed where there is a gap.
 */
export function imagesLate(track: readonly WireFrame[]): Supposition {
  const twists = twistsOf(track);
  return {
    expected: [LAG_EXPECTED_S],
    steps: [LAG_STEP_S],
    undo: (frames, [lagS]) =>
      frames.map((frame) => ({ ...frame, probeFromPhantom: poseAt(track, twists, frame.timeS - lagS!) })),
  };
}

function poseAt(
  track: readonly WireFrame[],
  twists: readonly (readonly number[])[],
  timeS: number,
): Readonly<Float64Array> {
  let low = 0,
    high = track.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (track[middle]!.timeS <= timeS) low = middle;
    else high = middle;
  }
  const a = track[low]!,
    b = track[high]!,
    share = (timeS - a.timeS) / (b.timeS - a.timeS);
  if (share >= 0 && share <= 1 && b.timeS - a.timeS <= GAP_S)
    return interpolate({ m: a.probeFromPhantom }, { m: b.probeFromPhantom }, share).m;
  const near = share < 0.5 ? low : high,
    from = track[near]!;
  return multiply3x4(motionOf(twists[near]!.map((x) => (timeS - from.timeS) * x)), from.probeFromPhantom);
}

/** Speed of the phantom in the probe's frame at each frame: rad/s about x, y, z, mm/s along them; 0 beside gaps. */
function twistsOf(frames: readonly WireFrame[]): number[][] {
  return frames.map((frame, i) => {
    const a = frames[Math.max(0, i - 1)]!,
      b = frames[Math.min(frames.length - 1, i + 1)]!,
      spanS = b.timeS - a.timeS;
    if (!(spanS > 0 && spanS <= 2 * GAP_S)) return [0, 0, 0, 0, 0, 0];
    const p = a.probeFromPhantom,
      q = b.probeFromPhantom,
      here = frame.probeFromPhantom;
    // Ṙ Rᵀ by differences; v = ṫ − ω × t, so that motionOf(twist · dt) carries the pose on.
    const rate = (k: number): number => (q[k]! - p[k]!) / spanS;
    const spin = (row: number, column: number): number =>
      [0, 1, 2].reduce((sum, k) => sum + rate(4 * row + k) * here[4 * column + k]!, 0);
    const w = [(spin(2, 1) - spin(1, 2)) / 2, (spin(0, 2) - spin(2, 0)) / 2, (spin(1, 0) - spin(0, 1)) / 2] as const;
    const [x, y, z] = [here[3]!, here[7]!, here[11]!];
    return [...w, rate(3) - (w[1] * z - w[2] * y), rate(7) - (w[2] * x - w[0] * z), rate(11) - (w[0] * y - w[1] * x)];
  });
}

/** Row-major 3×4 of a rotation vector (rad), then a shift (mm). */
export function motionOf(by: readonly number[]): Float64Array {
  const [x, y, z] = [by[0]!, by[1]!, by[2]!],
    angle = Math.hypot(x, y, z),
    s = angle < 1e-9 ? 1 : Math.sin(angle) / angle,
    c = angle < 1e-9 ? 0.5 : (1 - Math.cos(angle)) / angle ** 2,
    w = Math.cos(angle);
  return Float64Array.of(
    w + c * x * x, c * x * y - s * z, c * x * z + s * y, by[3]!,
    c * x * y + s * z, w + c * y * y, c * y * z - s * x, by[4]!,
    c * x * z - s * y, c * y * z + s * x, w + c * z * z, by[5]!,
  ); // prettier-ignore
}
