import { Body, Box, Quaternion, Vec3, World } from "cannon-es";
import { fromQuaternion, interpolate, toQuaternion, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { ProbeMotion } from "./motion.ts";
import { layOnSkin, skinNormal, type SkinPath } from "./skin-path.ts";
import type { SweepPlan } from "./sweep-plan.ts";
import { tremor } from "./tremor.ts";

export interface HeldOptions {
  readonly speedMmPerS: number;
  /** Standard deviation of the hand's tremor in each direction, mm and rad; band-limited to 0.5-12 Hz. */
  readonly tremorMm: number;
  readonly tremorRad: number;
  /** Mean force with which the hand presses the face on the skin, N. */
  readonly pressN: number;
  /** Coulomb friction between face and skin; gel makes it small. */
  readonly friction: number;
  /** How often the hand halts for some tenths of a second, and how often it lifts the probe off, per minute. */
  readonly hesitationsPerMin: number;
  readonly liftOffsPerMin: number;
  /** Time between two strokes, in which nothing is recorded, seconds. */
  readonly pauseS: number;
}

/** Probe and the part of the hand that moves with it, kg; from its face to the grip, mm; half its size, mm. */
const MASS_KG = 0.3,
  GRIP_MM = 60,
  HALF_SIZE_MM = [40, 60, 40] as const;
/** Forces are mN = kg mm/s². Springs of a light grip and a wrist of 3 N m/rad (chosen: 8 and 14 Hz), near critical. */
const MN_PER_N = 1000,
  GRIP_MN_PER_MM = 760,
  GRIP_DAMPING = 30,
  TURN_MN_MM = 3e6,
  TURN_DAMPING = 6e4,
  PRESS_DAMPING = 25;
/**
 * Relaxed soft tissue under a whole linear probe: the force at which half of its thickness would be gone (chosen: 5 N
 * press 3 mm into 25 mm of tissue), and its damping.
 */
const TISSUE_N = 36.7,
  TISSUE_DAMPING_N_S_PER_MM = 0.01;
/** Where no bone is near, the press is felt to about this depth, mm; as the squeezed tissue in probe/compression.ts. */
const FARTHEST_MM = 80;
/** Below this sliding speed friction fades, mm/s: keeps the integration smooth. */
const SLIP_MM_PER_S = 2;
const STEP_S = 1 / 500;
const SAMPLES_PER_S = 250;
/** Contact is made before a stroke is recorded. */
const SETTLE_S = 0.6;

/** Points of the face that feel the skin: 11 along it, 3 across. */
const facePoints: readonly Vec3[] = Array.from(
  { length: 33 },
  (_, i) => new Vec3(-20 + 4 * (i % 11), GRIP_MM, 3 * (Math.floor(i / 11) - 1)),
);

/** Signed distances in the knee's frame, negative inside, mm. */
export interface PressedLeg {
  readonly skin: DistanceField;
  readonly bone: DistanceField;
}

/**
 * Force on the whole face, N, when a layer that rests `thicknessMm` thick over bone is squeezed by `depthMm`: stiffer the
 * thinner it is and the more of it is gone, so that no force brings the face to bone.
 */
export function tissueForceN(depthMm: number, thicknessMm: number): number {
  const strain = Math.min(0.95, depthMm / Math.max(0.1, thicknessMm));
  return (TISSUE_N * strain) / (1 - strain);
}

interface RecordedStroke {
  readonly name: string;
  readonly fromS: number;
  readonly toS: number;
  readonly poses: readonly Rigid<"knee", "image">[];
  readonly forceN: readonly number[];
}

/**
 * A probe as a rigid body in a hand: a compliant grip pulls it along the stroke and presses it on the skin, which
 * pushes back where the face lies in it, the more the thinner it is over bone, and rubs where it slides; the hand trembles, wavers in speed and force, halts,
 * and now and then loses contact. Integrated by cannon-es at 500 Hz in mm, kg, s. The skin does not move; how far the
 * face sinks in follows from the forces. Deterministic for a seed. Throws an UnsuitableInputError when a stroke misses the body.
 */
export function holdProbe(plans: readonly SweepPlan[], leg: PressedLeg, options: HeldOptions, rng: Rng): ProbeMotion {
  let startS = 0;
  const strokes = plans.map((plan, i) => {
    const stroke = makeStroke(layOnSkin(plan, leg.skin), leg, options, rng.fork(`hand/${i}`), startS);
    startS = stroke.toS + options.pauseS;
    return stroke;
  });
  const strokeAt = (timeS: number): RecordedStroke =>
    strokes.find((s) => timeS <= s.toS + options.pauseS / 2) ?? strokes[strokes.length - 1]!;
  const sceneFromImage = (timeS: number): Rigid<"knee", "image"> => {
    const { fromS, poses } = strokeAt(timeS);
    const at = Math.min(poses.length - 1, Math.max(0, (timeS - fromS) * SAMPLES_PER_S));
    const low = Math.min(poses.length - 2, Math.floor(at));
    return interpolate(poses[low]!, poses[low + 1]!, at - low);
  };
  return {
    sweeps: strokes.map(({ name, fromS, toS }) => ({ name, fromS, toS })),
    durationS: startS,
    kneeFromImage: sceneFromImage,
    sceneFromImage,
    contactForceN(timeS) {
      const { fromS, forceN } = strokeAt(timeS);
      const at = Math.round((timeS - fromS) * SAMPLES_PER_S);
      return forceN[Math.min(forceN.length - 1, Math.max(0, at))]!;
    },
  };
}

/** Times (seconds from the stroke's beginning) at which something of the given rate happens: a Poisson process. */
function events(rng: Rng, perMin: number, untilS: number): number[] {
  const times: number[] = [];
  if (!(perMin > 0)) return times;
  for (let t = 0; ;) {
    t += (-60 / perMin) * Math.log(1 - rng.uniform());
    if (t > untilS) return times;
    times.push(t);
  }
}

const during = (times: readonly number[], timeS: number, lengthS: number): boolean =>
  times.some((t) => timeS >= t && timeS < t + lengthS);

const HALT_S = 0.35,
  LIFT_S = 0.5;

function makeStroke(path: SkinPath, leg: PressedLeg, options: HeldOptions, rng: Rng, fromS: number): RecordedStroke {
  const longestS = (3 * path.lengthMm) / options.speedMmPerS + 10;
  const halts = events(rng.fork("halts"), options.hesitationsPerMin, longestS);
  const lifts = events(rng.fork("lifts"), options.liftOffsPerMin, longestS);
  const waves = Array.from({ length: 8 }, (_, i) => tremor(rng.fork(`wave/${i}`)));
  const hand = createHand(path.at(0));
  const poses: Rigid<"knee", "image">[] = [],
    forceN: number[] = [];
  let way = 0;
  for (let step = 0; way < path.lengthMm; step++) {
    const t = step * STEP_S - SETTLE_S;
    if (t > longestS) break; // a stroke that hesitations stretch beyond reason ends where it is
    const moving = t > 0 && !during(halts, t, HALT_S);
    if (moving) way += options.speedMmPerS * Math.max(0.2, 1 + 0.1 * waves[6]!(t / 3)) * STEP_S;
    const wave = waves.map((w) => w(t)) as [number, number, number, number, number, number, number, number];
    const pressN = during(lifts, t, LIFT_S)
      ? -0.5 * options.pressN
      : options.pressN * Math.max(0.3, 1 + 0.15 * wave[7]);
    const force = hand.step(path.at(way), wave, pressN, leg, options);
    if (t >= 0 && step % Math.round(1 / (STEP_S * SAMPLES_PER_S)) === 0) {
      poses.push(hand.kneeFromImage());
      forceN.push(force);
    }
  }
  return { name: path.name, fromS, toS: fromS + (poses.length - 1) / SAMPLES_PER_S, poses, forceN };
}

function createHand(start: Rigid<"knee", "image">) {
  const world = new World();
  world.gravity.set(0, 0, 0); // the arm carries the probe
  const body = new Body({ mass: MASS_KG, linearDamping: 0, angularDamping: 0 });
  body.addShape(new Box(new Vec3(...HALF_SIZE_MM)));
  world.addBody(body);
  const [qx, qy, qz, qw] = toQuaternion(start.m);
  body.quaternion.set(qx, qy, qz, qw);
  const grip = body.quaternion.vmult(new Vec3(0, -GRIP_MM, 0));
  body.position.set(start.m[3]! + grip.x, start.m[7]! + grip.y, start.m[11]! + grip.z);

  /** Pulls the body to the target and presses it along the target's beam. */
  function pull(target: Rigid<"knee", "image">, wave: readonly number[], pressN: number, options: HeldOptions): void {
    const { m } = target;
    const beam = new Vec3(m[1]!, m[5]!, m[9]!);
    const [sx, , sz] = [wave[0]!, 0, wave[2]!].map((w) => w * options.tremorMm) as [number, number, number];
    const want = new Vec3(
      m[3]! - GRIP_MM * m[1]! + sx * m[0]! + sz * m[2]!,
      m[7]! - GRIP_MM * m[5]! + sx * m[4]! + sz * m[6]!,
      m[11]! - GRIP_MM * m[9]! + sx * m[8]! + sz * m[10]!,
    );
    const off = want.vsub(body.position);
    const across = off.vsub(beam.scale(off.dot(beam)));
    const speed = body.velocity;
    const speedAcross = speed.vsub(beam.scale(speed.dot(beam)));
    const force = across
      .scale(GRIP_MN_PER_MM)
      .vsub(speedAcross.scale(GRIP_DAMPING))
      .vadd(beam.scale(pressN * MN_PER_N - PRESS_DAMPING * speed.dot(beam)));
    body.applyForce(force);

    const turned = fromQuaternionOf(target, wave, options.tremorRad);
    const error = turned.mult(body.quaternion.inverse());
    const sign = error.w < 0 ? -1 : 1;
    const angle = 2 * Math.atan2(Math.hypot(error.x, error.y, error.z), Math.abs(error.w));
    const axis = new Vec3(error.x * sign, error.y * sign, error.z * sign);
    if (axis.length() > 1e-12) axis.normalize();
    body.applyTorque(axis.scale(TURN_MN_MM * angle).vsub(body.angularVelocity.scale(TURN_DAMPING)));
  }

  /** The skin pushes back and rubs. Returns the normal force, N. */
  function touch({ skin, bone }: PressedLeg, friction: number): number {
    let total = 0;
    for (const point of facePoints) {
      const lever = body.quaternion.vmult(point);
      const p = body.position.vadd(lever);
      const depth = -skin.distanceMm(p.x, p.y, p.z);
      if (!(depth > 0)) continue;
      const thickness = depth + Math.min(FARTHEST_MM, Math.max(0, bone.distanceMm(p.x, p.y, p.z)));
      const n = new Vec3(...skinNormal(skin, p.x, p.y, p.z, 1));
      const speed = body.velocity.vadd(body.angularVelocity.cross(lever));
      const inward = -speed.dot(n);
      const pushN =
        Math.max(0, tissueForceN(depth, thickness) + TISSUE_DAMPING_N_S_PER_MM * inward * Math.min(1, depth)) /
        facePoints.length;
      const slip = speed.vadd(n.scale(inward));
      const slipSpeed = slip.length();
      const rub = slipSpeed > 1e-9 ? (-friction * pushN * Math.tanh(slipSpeed / SLIP_MM_PER_S)) / slipSpeed : 0;
      body.applyForce(n.scale(pushN * MN_PER_N).vadd(slip.scale(rub * MN_PER_N)), lever);
      total += pushN;
    }
    return total;
  }

  return {
    /** One step of the integration; returns the contact force, N. */
    step(
      target: Rigid<"knee", "image">,
      wave: readonly number[],
      pressN: number,
      leg: PressedLeg,
      options: HeldOptions,
    ): number {
      pull(target, wave, pressN, options);
      const force = touch(leg, options.friction);
      world.step(STEP_S);
      return force;
    },
    kneeFromImage(): Rigid<"knee", "image"> {
      const { x, y, z, w } = body.quaternion;
      const face = body.position.vadd(body.quaternion.vmult(new Vec3(0, GRIP_MM, 0)));
      return fromQuaternion([x, y, z, w], [face.x, face.y, face.z]);
    },
  };
}

/** Orientation of the target, turned by the tremor about its own axes. */
function fromQuaternionOf(target: Rigid<"knee", "image">, wave: readonly number[], tremorRad: number): Quaternion {
  const [x, y, z, w] = toQuaternion(target.m);
  const [a, b, c] = [3, 4, 5].map((i) => wave[i]! * tremorRad) as [number, number, number];
  const angle = Math.hypot(a, b, c);
  const turn = new Quaternion();
  if (angle > 0) turn.setFromAxisAngle(new Vec3(a / angle, b / angle, c / angle), angle);
  return new Quaternion(x, y, z, w).mult(turn);
}
