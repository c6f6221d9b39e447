import { UnsuitableInputError } from "../../core/errors.ts";
import { compose, fromAxes, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { ProbeTurn, SweepPlan } from "./sweep-plan.ts";
import { along, between, cross, dot, unit, type Vector } from "./vector.ts";

/** A planned stroke laid on the skin of the patient, by the way travelled. */
export interface SkinPath {
  readonly name: string;
  readonly lengthMm: number;
  /** Image frame on the resting skin after `wayMm`: face centre on the skin, +y inward. Clamped to the path's ends. */
  at(wayMm: number): Rigid<"knee", "image">;
}

/** Outermost point of the skin on the ray from `target` along `direction`, by stepping inwards from far outside. */
function skinPoint(skin: DistanceField, target: readonly number[], direction: readonly number[]): Vector | undefined {
  const STEP_MM = 0.5,
    FAR_MM = 150;
  for (let t = FAR_MM; t > 0; t -= STEP_MM) {
    const dInside = skin.distanceMm(...along(target, direction, t - STEP_MM));
    if (dInside > 0) continue;
    const dOutside = Math.max(0, skin.distanceMm(...along(target, direction, t)));
    return along(target, direction, t - STEP_MM + (STEP_MM * -dInside) / Math.max(1e-9, dOutside - dInside));
  }
  return undefined;
}

/** Outward, over what a stiff face of 40 mm feels: finer detail does not turn it. */
export function skinNormal(skin: DistanceField, x: number, y: number, z: number, reachMm = 3): Vector {
  return unit([
    skin.distanceMm(x + reachMm, y, z) - skin.distanceMm(x - reachMm, y, z),
    skin.distanceMm(x, y + reachMm, z) - skin.distanceMm(x, y - reachMm, z),
    skin.distanceMm(x, y, z + reachMm) - skin.distanceMm(x, y, z - reachMm),
  ]);
}

interface Station {
  readonly face: Vector;
  readonly beam: Vector;
}

const STATION_MM = 2;
const SMOOTH_STATIONS = 6;

/** Probe stations every 2 mm of the plan, placed on the skin and smoothed as a hand would. */
function stationsOf(plan: SweepPlan, skin: DistanceField): Station[] {
  const raw: Station[] = [];
  for (let leg = 0; leg + 1 < plan.targetsMm.length; leg++) {
    const a = plan.targetsMm[leg]!,
      step = between(a, plan.targetsMm[leg + 1]!),
      turn = between(plan.approach[leg]!, plan.approach[leg + 1]!);
    const steps = Math.max(1, Math.round(Math.hypot(...step) / STATION_MM));
    for (let i = leg === 0 ? 0 : 1; i <= steps; i++) {
      const out = unit(along(plan.approach[leg]!, turn, i / steps));
      const face = skinPoint(skin, along(a, step, i / steps), out);
      if (!face) {
        throw new UnsuitableInputError(
          `the planned stroke "${plan.name}" never meets the skin ${raw.length * STATION_MM} mm from its beginning: this leg ends before it`,
          "Leave the stroke out (source.operator.sweeps), or choose another seed or phantom",
        );
      }
      // A hand seeks full contact, but keeps aiming at the window: half skin normal, half the planned direction.
      const outward = unit(along(skinNormal(skin, ...face), out, 1));
      raw.push({ face, beam: [-outward[0], -outward[1], -outward[2]] });
    }
  }
  return raw.map((self, i) => {
    const near = raw.slice(Math.max(0, i - SMOOTH_STATIONS), i + SMOOTH_STATIONS + 1);
    const beam = unit(near.reduce<Vector>((sum, s) => along(sum, s.beam, 1), [0, 0, 0]));
    // Smooth the position along the beam only: the path over the skin stays as planned.
    const few = raw.slice(Math.max(0, i - 2), i + 3);
    const height = few.reduce((sum, s) => sum + dot(s.face, beam), 0) / few.length;
    return { face: along(self.face, beam, height - dot(self.face, beam)), beam };
  });
}

/** `skin`: negative inside the body, knee frame, mm. Throws an UnsuitableInputError when the stroke misses the body. */
export function layOnSkin(plan: SweepPlan, skin: DistanceField): SkinPath {
  const stations = stationsOf(plan, skin);
  const ways = [0];
  for (let i = 1; i < stations.length; i++) {
    ways.push(ways[i - 1]! + Math.hypot(...between(stations[i - 1]!.face, stations[i]!.face)));
  }
  const onSkinMm = ways[ways.length - 1]!,
    { turns = [] } = plan;
  const lengthMm = onSkinMm + TURN_RADIUS_MM * turnedRad(turns);
  return {
    name: plan.name,
    lengthMm,
    at(wayMm) {
      const share = Math.min(1, Math.max(0, wayMm / lengthMm)),
        at = share * onSkinMm;
      let i = 0;
      while (i + 2 < ways.length && ways[i + 1]! < at) i++;
      const s = Math.min(1, Math.max(0, (at - ways[i]!) / Math.max(1e-9, ways[i + 1]! - ways[i]!)));
      const a = stations[i]!,
        b = stations[i + 1]!;
      const beam = unit(along(a.beam, between(a.beam, b.beam), s));
      const face = along(a.face, between(a.face, b.face), s);
      const x = unit(along(plan.markedSide, beam, -dot(plan.markedSide, beam)));
      const upright = fromAxes<"knee", "image">(x, beam, cross(x, beam), face);
      return turns.length > 0 ? compose(upright, turnAt(turns, share)) : upright;
    },
  };
}

/** Depth at which a point of the image moves as fast in a turn as the face does along a stroke: mid-image. */
const TURN_RADIUS_MM = 25;

const angles = ({ aboutBeamRad, fanRad, rockRad }: ProbeTurn): Vector => [aboutBeamRad, fanRad, rockRad];

const turnedRad = (turns: readonly ProbeTurn[]): number =>
  turns.reduce((sum, turn, i) => sum + (i === 0 ? 0 : Math.hypot(...between(angles(turns[i - 1]!), angles(turn)))), 0);

/** Between neighbouring turns in proportion to the angle between them, so that the probe turns at constant speed. */
function turnAt(turns: readonly ProbeTurn[], share: number): Rigid<"image", "image"> {
  let left = share * turnedRad(turns),
    i = 0;
  const length = (k: number): number => Math.hypot(...between(angles(turns[k]!), angles(turns[k + 1]!)));
  while (i + 2 < turns.length && left > length(i)) left -= length(i++);
  const a = angles(turns[i]!),
    s = i + 1 < turns.length ? Math.min(1, left / Math.max(1e-9, length(i))) : 0;
  const [beam, fan, rock] = i + 1 < turns.length ? along(a, between(a, angles(turns[i + 1]!)), s) : a;
  const about = (axis: Vector, angle: number): Rigid<"image", "image"> => fromAxisAngle(axis, angle);
  return compose(about([0, 1, 0], beam), compose(about([1, 0, 0], fan), about([0, 0, 1], rock)));
}
