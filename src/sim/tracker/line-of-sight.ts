import { transformPoint } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";

/** In the tracker frame, mm. */
export type Point = readonly [number, number, number];

/** What stands between markers and cameras. */
export interface LineOfSight {
  /** At one instant: whether something solid lies between two points of the tracker frame. */
  at(timeS: number): (fromMm: Point, toMm: Point) => boolean;
}

export const freeSight: LineOfSight = { at: () => () => false };

/** A hand, a housing, a forearm: everything within `radiusMm` of a segment. */
export interface Capsule {
  readonly kind: "capsule";
  readonly radiusMm: number;
  /** Ends of the segment in the tracker frame, mm. */
  ends(timeS: number): readonly [Point, Point];
}

/** A body known by its distance field, negative inside; looked at only within a ball. Its own frame, mm. */
export interface SolidField {
  readonly kind: "field";
  readonly distance: DistanceField;
  readonly centreMm: Point;
  readonly radiusMm: number;
  /** Row-major 3×4, mm: the field's frame from the tracker's. */
  solidFromTracker(timeS: number): Readonly<Float64Array>;
}

export type Solid = Capsule | SolidField;

export function lineOfSight(solids: readonly Solid[]): LineOfSight {
  return {
    at(timeS) {
      const tests = solids.map((solid) =>
        solid.kind === "capsule" ? capsuleTest(solid, timeS) : fieldTest(solid, timeS),
      );
      return (fromMm, toMm) => tests.some((blocks) => blocks(fromMm, toMm));
    },
  };
}

type Test = (fromMm: Point, toMm: Point) => boolean;

function capsuleTest({ radiusMm, ends }: Capsule, timeS: number): Test {
  const [a, b] = ends(timeS);
  return (from, to) => segmentDistance(from, to, a, b) < radiusMm;
}

/** A marker lies on or near what carries it: the first millimetres of its ray do not count. */
const SKIP_MM = 8;
const LEAST_STEP_MM = 1.5;

function fieldTest({ distance, centreMm, radiusMm, solidFromTracker }: SolidField, timeS: number): Test {
  const m = solidFromTracker(timeS) as Float64Array;
  return (fromMm, toMm) => {
    const from = transformPoint(m, ...fromMm),
      to = transformPoint(m, ...toMm);
    const way = [0, 1, 2].map((k) => to[k]! - from[k]!) as [number, number, number];
    const length = Math.hypot(...way);
    const [ux, uy, uz] = way.map((w) => w / length) as [number, number, number];
    // Only where the ray runs through the ball.
    const [cx, cy, cz] = [0, 1, 2].map((k) => centreMm[k]! - from[k]!) as [number, number, number];
    const near = cx * ux + cy * uy + cz * uz,
      off2 = cx * cx + cy * cy + cz * cz - near * near;
    if (off2 >= radiusMm * radiusMm) return false;
    const half = Math.sqrt(radiusMm * radiusMm - off2);
    const end = Math.min(length, near + half);
    for (let t = Math.max(SKIP_MM, near - half); t < end;) {
      const d = distance.distanceMm(from[0] + t * ux, from[1] + t * uy, from[2] + t * uz);
      if (d < 0) return true;
      t += Math.max(LEAST_STEP_MM, d);
    }
    return false;
  };
}

/** Least distance between the segments pq and ab (Ericson, Real-Time Collision Detection, 5.1.9). */
function segmentDistance(p: Point, q: Point, a: Point, b: Point): number {
  const d1 = minus(q, p),
    d2 = minus(b, a),
    r = minus(p, a);
  const e = dot(d2, d2),
    l = dot(d1, d1),
    f = dot(d2, r),
    c = dot(d1, r),
    g = dot(d1, d2);
  const clamp = (x: number): number => Math.min(1, Math.max(0, x));
  const denominator = l * e - g * g;
  let s = denominator > 1e-12 ? clamp((g * f - c * e) / denominator) : 0;
  let t = e > 1e-12 ? (g * s + f) / e : 0;
  if (t < 0 || t > 1) {
    t = clamp(t);
    s = l > 1e-12 ? clamp((g * t - c) / l) : 0;
  }
  return Math.hypot(...[0, 1, 2].map((k) => r[k]! + s * d1[k]! - t * d2[k]!));
}

const minus = (p: Point, q: Point): Point => [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
const dot = (p: Point, q: Point): number => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
