import { compose, fromAxisAngle, identity, interpolate, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { MadeStroke, ProbeMotion } from "./motion.ts";
import { wander } from "./tremor.ts";

/** How much a leg on its cushion moves during an examination; each an SD. */
export interface LegOptions {
  /** Shift of the whole leg in the room, along each axis, mm. */
  readonly shiftMm: number;
  /** Turn of the whole leg in the room about each axis, rad. */
  readonly turnRad: number;
  /** Slow change of the knee's angle within a stroke, rad. */
  readonly angleDriftRad: number;
  /** By how much the knee's angle differs from stroke to stroke, rad; it changes in the pauses. */
  readonly angleChangeRad: number;
}

/** Where the leg is over time. Continuous, so that any device may sample it. */
export interface LegMotion {
  /** The knee frame (that of the femur) in the room, which is where it is when nothing moves. */
  roomFromKnee(timeS: number): Rigid<"room", "knee">;
  /** Where the tibia has gone within the knee frame since it was modelled; the identity when the angle has not changed. */
  kneeFromRest(timeS: number): Rigid<"knee", "knee">;
}

export const restingLeg: LegMotion = { roomFromKnee: () => identity(), kneeFromRest: () => identity() };

/** Breathing of the muscles' tone, fidgeting: slower than the operator, who follows it. */
const LOW_HZ = 0.01,
  HIGH_HZ = 0.3;

/**
 * The knee bends about its x axis, which runs between the epicondyles. Between strokes the angle goes smoothly from one
 * to the next.
 */
export function moveLeg(strokes: readonly MadeStroke[], options: LegOptions, rng: Rng): LegMotion {
  const wave = (label: string): ((timeS: number) => number) => wander(rng.fork(label), LOW_HZ, HIGH_HZ);
  const [x, y, z] = [wave("shift/x"), wave("shift/y"), wave("shift/z")];
  const [a, b, c] = [wave("turn/x"), wave("turn/y"), wave("turn/z")];
  const drift = wave("angle");
  const changes = strokes.map((_, i) => options.angleChangeRad * rng.fork(`angle/${i}`).normal());
  const stepAt = (timeS: number): number => {
    const next = strokes.findIndex(({ toS }) => timeS <= toS);
    if (next < 0) return changes[changes.length - 1] ?? 0;
    if (next === 0 || timeS >= strokes[next]!.fromS) return changes[next]!;
    const { toS } = strokes[next - 1]!;
    const s = (timeS - toS) / (strokes[next]!.fromS - toS);
    return changes[next - 1]! + (changes[next]! - changes[next - 1]!) * s * s * (3 - 2 * s);
  };
  return {
    roomFromKnee(timeS) {
      const turn: [number, number, number] = [a(timeS), b(timeS), c(timeS)];
      const shift = [x, y, z].map((w) => options.shiftMm * w(timeS)) as [number, number, number];
      return fromAxisAngle(turn, options.turnRad * Math.hypot(...turn), shift);
    },
    kneeFromRest: (timeS) => fromAxisAngle([1, 0, 0], options.angleDriftRad * drift(timeS) + stepAt(timeS)),
  };
}

/** Of the lower leg: a plane through the joint and the direction down the shank, knee frame. */
export interface LowerLeg {
  readonly jointMm: readonly [number, number, number];
  readonly down: readonly [number, number, number];
}

/** Over so much of the leg the soft tissue goes over from the thigh's motion to the shank's. */
const HALF_BLEND_MM = 12;
/** What of the image decides whose tissue it shows: a point in the middle of it. */
const LOOK_DEPTH_MM = 15;

/**
 * The probe on a knee that bends: hand and probe follow the skin, with the thigh above the joint and with the shank below
 * it, half and half across it. What the beam sees of either bone is then exact, save where it sees both at once, where
 * the tissue moves as one. `motion`: on the leg as it was modelled.
 */
export function followLeg(motion: ProbeMotion, leg: LegMotion, { jointMm, down }: LowerLeg): ProbeMotion {
  return {
    ...motion,
    kneeFromImage(timeS) {
      const still = motion.sceneFromImage(timeS);
      const { m } = still;
      const below = [0, 1, 2].reduce(
        (sum, k) => sum + (m[4 * k + 3]! + LOOK_DEPTH_MM * m[4 * k + 1]! - jointMm[k]!) * down[k]!,
        0,
      );
      const s = Math.min(1, Math.max(0, (below + HALF_BLEND_MM) / (2 * HALF_BLEND_MM)));
      if (s === 0) return still;
      return compose(interpolate(identity<"knee", "knee">(), leg.kneeFromRest(timeS), s * s * (3 - 2 * s)), still);
    },
  };
}

/** Pose of the shank's bone: the modelled one, carried along. */
export const movedTibia = (
  leg: LegMotion,
  kneeFromTibia: Rigid<"knee", "tibia">,
  timeS: number,
): Rigid<"knee", "tibia"> => compose(leg.kneeFromRest(timeS), kneeFromTibia);
