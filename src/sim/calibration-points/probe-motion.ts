import { compose, fromAxisAngle, multiply3x4, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";

/** Half ranges of the probe's motion over the phantom: mm along its x, y, z, and rad about the same. */
export interface MotionRange {
  readonly shiftMm: readonly [number, number, number];
  readonly tiltRad: readonly [number, number, number];
}

/** What a careful user does: slides along the wires, leans to both sides, turns a little. */
export const sweepingMotion: MotionRange = { shiftMm: [2.5, 8, 3], tiltRad: [0.2, 0.2, 0.2] };

/** The transducer's face stands over the middle of the wires of fCal 2.0, 12 mm above the uppermost, mm. */
const FACE_MM = [46, 20, 32] as const;

/** Columns along the phantom's +x, rows along −z, so the normal runs along +y. */
const UPRIGHT = Float64Array.of(1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0);

/** Poses of the image (origin at the transducer's face) on the phantom over time: smooth, never repeating. */
export function probeMotion(rng: Rng, { shiftMm, tiltRad }: MotionRange): (timeS: number) => Rigid<"phantom", "image"> {
  const wave = (label: string): ((t: number) => number) => {
    const stream = rng.fork(label);
    const slow = 0.7 + 0.5 * stream.uniform(),
      fast = 1.7 + 0.8 * stream.uniform(),
      a = 2 * Math.PI * stream.uniform(),
      b = 2 * Math.PI * stream.uniform();
    return (t) => 0.75 * Math.sin(slow * t + a) + 0.25 * Math.sin(fast * t + b);
  };
  const x = wave("x"), y = wave("y"), z = wave("z"); // prettier-ignore
  const a = wave("about x"), b = wave("about y"), c = wave("about z"); // prettier-ignore
  return (t) => {
    const turn = compose(
      fromAxisAngle<"phantom", "phantom">([1, 0, 0], tiltRad[0] * a(t)),
      compose(
        fromAxisAngle<"phantom", "phantom">([0, 1, 0], tiltRad[1] * b(t)),
        fromAxisAngle<"phantom", "phantom">([0, 0, 1], tiltRad[2] * c(t)),
      ),
    );
    const m = multiply3x4(turn.m, UPRIGHT);
    m[3] = FACE_MM[0] + shiftMm[0] * x(t);
    m[7] = FACE_MM[1] + shiftMm[1] * y(t);
    m[11] = FACE_MM[2] + shiftMm[2] * z(t);
    return { m };
  };
}
