import { cross, dot, midpoint, minus, unit, type Vector } from "../../core/vector.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import { type KneeAxes, kneeAxes } from "../../pipeline/completion/start-poses.ts";
import { clinicalSweeps, type PatientGuide } from "../../sim/operator/sweep-plan.ts";

/** One place of a standard stroke: where the beam should aim at, and from where. In the frame of the points, mm. */
export interface Station {
  readonly targetMm: Vector;
  /** Unit, from the target to the probe. */
  readonly approach: Vector;
}

/** A standard stroke of a knee examination, laid on the leg by what the operator touched. */
export interface ScanWindow {
  readonly name: string;
  readonly stations: readonly Station[];
}

export type WindowPlan =
  | { readonly status: "planned"; readonly windows: readonly ScanWindow[]; readonly axes: KneeAxes }
  | { readonly status: "unknown"; readonly reason: string };

const POLES = ["patella-superior-pole", "patella-inferior-pole"] as const;
/** Stations of a stroke are this far apart, or a little less. */
const STATION_MM = 6;

/**
 * The clinical windows of `clinicalSweeps` for this leg, by the points that were touched through the skin (epicondyles,
 * plateau, tubercle, poles of the patella; palpation errs by some millimetres) and by how far the knee is bent. It knows
 * nothing of the bone but that.
 */
export function planWindows(points: readonly DigitisedPoint[], flexionRad: number): WindowPlan {
  const axes = kneeAxes(points);
  const [superior, inferior] = POLES.map((name) => points.find((point) => point.name === name)?.positionMm);
  const at = (name: string): Vector | undefined => points.find((point) => point.name === name)?.positionMm;
  const medial = at("femur-medial-epicondyle"),
    lateral = at("femur-lateral-epicondyle"),
    plateauMedial = at("tibia-medial-plateau"),
    plateauLateral = at("tibia-lateral-plateau"),
    tubercle = at("tibia-tubercle");
  if (!axes || !superior || !inferior || !medial || !lateral || !plateauMedial || !plateauLateral || !tubercle)
    return {
      status: "unknown",
      reason: "epicondyles, plateau, tubercle and the poles of the patella were not all touched with a stylus",
    };
  // The knee frame is the femur's, which is bent against the shank about the axis of the epicondyles.
  const x: Vector = axes.side === "right" ? axes.lateral : scaled(axes.lateral, -1);
  const front = unit(cross(axes.up, x));
  const cos = Math.cos(flexionRad),
    sin = Math.sin(flexionRad);
  const z = unit(sum(scaled(axes.up, cos), scaled(front, -sin))),
    y = cross(z, x);
  const inKnee = (p: Vector): Vector => {
    const d = minus(p, axes.kneeMm);
    return [dot(d, x), dot(d, y), dot(d, z)];
  };
  const turned = ([a, b, c]: Vector): Vector => sum(sum(scaled(x, a), scaled(y, b)), scaled(z, c));
  const guide: PatientGuide = {
    lateralSign: axes.side === "right" ? 1 : -1,
    flexionRad,
    patellaCentreMm: inKnee(midpoint(superior, inferior)),
    patellaHeightMm: length(minus(superior, inferior)),
    tubercleMm: inKnee(tubercle),
    tibialPlateauCentreMm: inKnee(midpoint(plateauMedial, plateauLateral)),
    epicondylarWidthMm: length(minus(lateral, medial)),
  };
  const windows = clinicalSweeps(guide).map(({ name, targetsMm, approach }) => ({
    name,
    stations: stationsOf(targetsMm as readonly Vector[], approach as readonly Vector[]).map((station) => ({
      targetMm: sum(turned(station.targetMm), axes.kneeMm),
      approach: turned(station.approach),
    })),
  }));
  return { status: "planned", windows, axes };
}

/** Along the way through the targets, evenly. */
function stationsOf(targets: readonly Vector[], approach: readonly Vector[]): Station[] {
  const stations: Station[] = [];
  for (let leg = 0; leg + 1 < targets.length; leg++) {
    const from = targets[leg]!,
      to = targets[leg + 1]!;
    const steps = Math.max(1, Math.ceil(length(minus(to, from)) / STATION_MM));
    for (let i = leg === 0 ? 0 : 1; i <= steps; i++) {
      const share = i / steps;
      stations.push({
        targetMm: sum(scaled(from, 1 - share), scaled(to, share)),
        approach: unit(sum(scaled(approach[leg]!, 1 - share), scaled(approach[leg + 1]!, share))),
      });
    }
  }
  return stations;
}

const sum = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const length = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);
