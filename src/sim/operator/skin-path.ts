import { fromAxes, type Rigid } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { SweepPlan } from "./sweep-plan.ts";
import { along, between, cross, dot, unit, type Vector } from "./vector.ts";

/** A planned stroke laid on the skin of the patient, by the way travelled. */
export interface SkinPath {
  readonly name: string;
  readonly lengthMm: number;
  /** Image frame on the resting skin after `wayMm`: face centre on the skin, +y inward. Clamped to the path's ends. */
  at(wayMm: number): Rigid<"knee", "image">;
}

/** Outermost point of the skin on the ray from `target` along `direction`, by stepping inwards from far outside. */
function skinPoint(skin: DistanceField, target: readonly number[], direction: readonly number[]): Vector {
  const STEP_MM = 0.5,
    FAR_MM = 150;
  for (let t = FAR_MM; t > 0; t -= STEP_MM) {
    const dInside = skin.distanceMm(...along(target, direction, t - STEP_MM));
    if (dInside > 0) continue;
    const dOutside = Math.max(0, skin.distanceMm(...along(target, direction, t)));
    return along(target, direction, t - STEP_MM + (STEP_MM * -dInside) / Math.max(1e-9, dOutside - dInside));
  }
  throw new RangeError("the planned stroke never meets the skin");
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

/** `skin`: negative inside the body, knee frame, mm. Throws a RangeError when the stroke misses the body. */
export function layOnSkin(plan: SweepPlan, skin: DistanceField): SkinPath {
  const stations = stationsOf(plan, skin);
  const ways = [0];
  for (let i = 1; i < stations.length; i++) {
    ways.push(ways[i - 1]! + Math.hypot(...between(stations[i - 1]!.face, stations[i]!.face)));
  }
  const lengthMm = ways[ways.length - 1]!;
  return {
    name: plan.name,
    lengthMm,
    at(wayMm) {
      const at = Math.min(lengthMm, Math.max(0, wayMm));
      let i = 0;
      while (i + 2 < ways.length && ways[i + 1]! < at) i++;
      const s = Math.min(1, Math.max(0, (at - ways[i]!) / Math.max(1e-9, ways[i + 1]! - ways[i]!)));
      const a = stations[i]!,
        b = stations[i + 1]!;
      const beam = unit(along(a.beam, between(a.beam, b.beam), s));
      const face = along(a.face, between(a.face, b.face), s);
      const x = unit(along(plan.markedSide, beam, -dot(plan.markedSide, beam)));
      return fromAxes(x, beam, cross(x, beam), face);
    },
  };
}
