import { compose, fromAxes, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { SweepPlan } from "./sweep-plan.ts";

export interface OperatorOptions {
  readonly speedMmPerS: number;
  /** Standard deviation of the hand's tremor in each direction, mm and rad; band-limited to 0.5-12 Hz. */
  readonly tremorMm: number;
  readonly tremorRad: number;
  /**
   * How deep the face sits in the resting skin, mm (negative: it floats on gel). The tissue above the face is pushed
   * aside and not imaged; what lies below keeps its place.
   */
  readonly pressMm: number;
  /** Time between two strokes, in which nothing is recorded, seconds. */
  readonly pauseS: number;
}

/** The true motion of the image frame relative to the knee: continuous in time, so that any device may sample it. */
export interface ProbeMotion {
  readonly sweeps: readonly { readonly name: string; readonly fromS: number; readonly toS: number }[];
  readonly durationS: number;
  kneeFromImage(timeS: number): Rigid<"knee", "image">;
}

type Vector = [number, number, number];

const dot = (a: readonly number[], b: readonly number[]): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
const cross = (a: readonly number[], b: readonly number[]): Vector => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];
const along = (p: readonly number[], d: readonly number[], t: number): Vector => [
  p[0]! + d[0]! * t,
  p[1]! + d[1]! * t,
  p[2]! + d[2]! * t,
];

function unit(v: readonly number[]): Vector {
  const length = Math.hypot(v[0]!, v[1]!, v[2]!);
  if (!(length > 0)) throw new RangeError("a zero vector has no direction");
  return [v[0]! / length, v[1]! / length, v[2]! / length];
}

/** Outermost point of the skin on the ray from `target` along `direction`, by stepping inwards from far outside. */
function skinPoint(skin: DistanceField, target: readonly number[], direction: readonly number[]): Vector {
  const STEP_MM = 0.5,
    FAR_MM = 150;
  for (let t = FAR_MM; t > 0; t -= STEP_MM) {
    const inside = along(target, direction, t - STEP_MM);
    const dInside = skin.distanceMm(...inside);
    if (dInside > 0) continue;
    const dOutside = Math.max(0, skin.distanceMm(...along(target, direction, t)));
    return along(target, direction, t - STEP_MM + (STEP_MM * -dInside) / Math.max(1e-9, dOutside - dInside));
  }
  throw new RangeError("the planned stroke never meets the skin");
}

function skinNormal(skin: DistanceField, [x, y, z]: Vector): Vector {
  const H_MM = 3; // the probe face is stiff and 40 mm wide: it does not follow finer detail
  return unit([
    skin.distanceMm(x + H_MM, y, z) - skin.distanceMm(x - H_MM, y, z),
    skin.distanceMm(x, y + H_MM, z) - skin.distanceMm(x, y - H_MM, z),
    skin.distanceMm(x, y, z + H_MM) - skin.distanceMm(x, y, z - H_MM),
  ]);
}

interface Station {
  readonly face: Vector;
  readonly beam: Vector;
}

const STATION_MM = 2;
const SMOOTH_STATIONS = 6;

/** Probe stations every 2 mm of the plan, placed on the skin and smoothed as a hand would. */
function stationsOf(plan: SweepPlan, skin: DistanceField, pressMm: number): Station[] {
  const raw: Station[] = [];
  for (let leg = 0; leg + 1 < plan.targetsMm.length; leg++) {
    const a = plan.targetsMm[leg]!,
      b = plan.targetsMm[leg + 1]!;
    const steps = Math.max(1, Math.round(Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) / STATION_MM));
    for (let i = leg === 0 ? 0 : 1; i <= steps; i++) {
      const s = i / steps;
      const target = along(a, [b[0] - a[0], b[1] - a[1], b[2] - a[2]], s);
      const p = plan.approach[leg]!,
        q = plan.approach[leg + 1]!;
      const out = unit(along(p, [q[0] - p[0], q[1] - p[1], q[2] - p[2]], s));
      const face = skinPoint(skin, target, out);
      // A hand seeks full contact, but keeps aiming at the window: half skin normal, half the planned direction.
      const beam = unit(along(skinNormal(skin, face), out, 1));
      raw.push({ face: along(face, beam, -pressMm), beam: [-beam[0], -beam[1], -beam[2]] });
    }
  }
  return raw.map((_, i) => {
    const near = raw.slice(Math.max(0, i - SMOOTH_STATIONS), i + SMOOTH_STATIONS + 1);
    const beam = unit(near.reduce<Vector>((sum, s) => along(sum, s.beam, 1), [0, 0, 0]));
    // Smooth the position along the beam only: the path over the skin stays as planned.
    const self = raw[i]!;
    const few = raw.slice(Math.max(0, i - 2), i + 3);
    const height = few.reduce((sum, s) => sum + dot(s.face, beam), 0) / few.length;
    return { face: along(self.face, beam, height - dot(self.face, beam)), beam };
  });
}

/** A sum of sinusoids at random frequencies in 0.5-12 Hz with amplitudes falling as 1/f, scaled to unit SD. */
function tremor(rng: Rng): (timeS: number) => number {
  const waves = Array.from({ length: 12 }, (_, i) => {
    const rateHz = 0.5 * 24 ** ((i + rng.uniform()) / 12);
    return { rateHz, phase: 2 * Math.PI * rng.uniform(), amplitude: 1 / rateHz };
  });
  const sd = Math.sqrt(waves.reduce((sum, w) => sum + w.amplitude ** 2 / 2, 0));
  return (timeS) =>
    waves.reduce((sum, w) => sum + w.amplitude * Math.sin(2 * Math.PI * w.rateHz * timeS + w.phase), 0) / sd;
}

/**
 * Moves the probe through all strokes, one after another. `skin`: negative inside the body, knee frame, mm.
 * Throws a RangeError when a stroke misses the body.
 */
export function simulateOperator(
  plans: readonly SweepPlan[],
  skin: DistanceField,
  options: OperatorOptions,
  rng: Rng,
): ProbeMotion {
  let startS = 0;
  const strokes = plans.map((plan) => {
    const stations = stationsOf(plan, skin, options.pressMm);
    const lengths = [0];
    for (let i = 1; i < stations.length; i++) {
      const a = stations[i - 1]!.face,
        b = stations[i]!.face;
      lengths.push(lengths[i - 1]! + Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]));
    }
    const fromS = startS,
      toS = fromS + lengths[lengths.length - 1]! / options.speedMmPerS;
    startS = toS + options.pauseS;
    return { plan, stations, lengths, fromS, toS };
  });
  const shake = Array.from({ length: 6 }, (_, axis) => tremor(rng.fork(`tremor/${axis}`)));

  return {
    sweeps: strokes.map(({ plan, fromS, toS }) => ({ name: plan.name, fromS, toS })),
    durationS: startS,
    kneeFromImage(timeS) {
      const stroke = strokes.find((s) => timeS <= s.toS + options.pauseS / 2) ?? strokes[strokes.length - 1]!;
      const { stations, lengths } = stroke;
      const at = Math.min(lengths[lengths.length - 1]!, Math.max(0, (timeS - stroke.fromS) * options.speedMmPerS));
      let i = 0;
      while (i + 2 < lengths.length && lengths[i + 1]! < at) i++;
      const s = Math.min(1, Math.max(0, (at - lengths[i]!) / Math.max(1e-9, lengths[i + 1]! - lengths[i]!)));
      const a = stations[i]!,
        b = stations[i + 1]!;
      const beam = unit(along(a.beam, [b.beam[0] - a.beam[0], b.beam[1] - a.beam[1], b.beam[2] - a.beam[2]], s));
      const face = along(a.face, [b.face[0] - a.face[0], b.face[1] - a.face[1], b.face[2] - a.face[2]], s);
      const hint = stroke.plan.markedSide;
      const x = unit(along(hint, beam, -dot(hint, beam)));
      const still = fromAxes<"knee", "image">(x, beam, cross(x, beam), face);
      const hand = fromAxisAngle<"image", "image">(
        [shake[0]!(timeS), shake[1]!(timeS), shake[2]!(timeS)],
        options.tremorRad * Math.hypot(shake[0]!(timeS), shake[1]!(timeS), shake[2]!(timeS)),
        [
          options.tremorMm * shake[3]!(timeS),
          0.3 * options.tremorMm * shake[4]!(timeS), // the skin holds the probe along the beam
          options.tremorMm * shake[5]!(timeS),
        ],
      );
      return compose(still, hand);
    },
  };
}
