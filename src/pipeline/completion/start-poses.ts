import { fromAxisAngle, invert, multiply3x4 } from "../../core/rigid.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeBody, ShapeModel } from "../../data/shape-model.ts";
import { cross, dot, midpoint, minus, unit, type Vector, without } from "../../core/vector.ts";

/** How the knee lies, from what the operator touched; in the frame of the points. */
export interface KneeAxes {
  /** Unit: to the lateral side (as on a right knee: x), forward, and along the shank towards the knee. */
  readonly lateral: Vector;
  readonly front: Vector;
  readonly up: Vector;
  readonly kneeMm: Vector;
  readonly side: "right" | "left";
}

const NEEDED = [
  "femur-medial-epicondyle",
  "femur-lateral-epicondyle",
  "tibia-medial-plateau",
  "tibia-lateral-plateau",
  "tibia-tubercle",
] as const;

/** Undefined without both epicondyles, both borders of the plateau and the tubercle. */
export function kneeAxes(points: readonly DigitisedPoint[]): KneeAxes | undefined {
  const [medial, lateral, plateauMedial, plateauLateral, tubercle] = NEEDED.map(
    (name) => points.find((point) => point.name === name)?.positionMm,
  );
  if (!medial || !lateral || !plateauMedial || !plateauLateral || !tubercle) return undefined;
  const knee = midpoint(medial, lateral),
    plateau = midpoint(plateauMedial, plateauLateral);
  const across = unit(minus(lateral, medial));
  const up = unit(without(minus(knee, plateau), across));
  // The tubercle lies below and in front of the plateau's middle.
  const front = unit(without(without(minus(tubercle, plateau), across), up));
  return {
    lateral: across,
    front,
    up,
    kneeMm: knee,
    side: dot(cross(across, front), up) > 0 ? "right" : "left",
  };
}

/** How far the knee may be bent, in steps that a registration bridges, rad. */
const FLEXIONS_RAD = [-10, 10, 30, 50, 70, 90, 110].map((deg) => (deg * Math.PI) / 180);
/** The shank's pose is known from four points; palpation errs by some degrees. */
const TURNS_RAD = [0];
/** Of the patella about its own long axis. */
const TILTS_RAD = [-15, 0, 15].map((deg) => (deg * Math.PI) / 180);

/** Poses (row-major 3×4, body from points) to try. The points are of a right knee, or mirrored into one. */
export function startPoses(model: ShapeModel, axes: KneeAxes, points: readonly DigitisedPoint[]): Float64Array[] {
  const touched = model.landmarks.flatMap(({ name, meanMm }) => {
    const at = points.find((point) => point.name === name)?.positionMm;
    return at ? [{ at, meanMm }] : [];
  });
  if (touched.length === 0) return [];
  const centre = meanOf(touched.map(({ at }) => at)),
    home = meanOf(touched.map(({ meanMm }) => meanMm));
  const upright = frames[model.body](
    axes,
    touched.map(({ at }) => at),
  );
  return turns[model.body].map(({ axis, rad }) => {
    // In the body's axes first, then turned about one of them, then shifted so that the landmarks' middles meet.
    const turned = multiply3x4(upright, fromAxisAngle(axis, rad).m);
    const pointsFromBody = Float64Array.from(turned);
    for (let row = 0; row < 3; row++) {
      const r = pointsFromBody.subarray(4 * row, 4 * row + 3);
      pointsFromBody[4 * row + 3] = centre[row]! - (r[0]! * home[0] + r[1]! * home[1] + r[2]! * home[2]);
    }
    return Float64Array.from(invert({ m: pointsFromBody }).m);
  });
}

/** Columns x, y, z of the body in the frame of the points, for a start. */
const frames: { readonly [B in ShapeBody]: (axes: KneeAxes, touched: readonly Vector[]) => Float64Array } = {
  femur: ({ lateral, up }) => columns(lateral, cross(up, lateral), up),
  shank: ({ lateral, up }) => columns(lateral, cross(up, lateral), up),
  patella({ lateral, front, up, kneeMm }, touched) {
    const [superior, inferior] = touched;
    const axis = superior && inferior ? unit(minus(superior, inferior)) : up;
    const forward = superior && inferior ? minus(midpoint(superior, inferior), kneeMm) : front;
    const across = unit(without(lateral, axis));
    const y = unit(without(without(forward, axis), across));
    // `forward` tells front from back only where it does not vanish.
    return columns(cross(y, axis), y, axis);
  },
};

/** Bending the knee leaves the femur turned against the shank about the axis of the epicondyles. */
const turns: {
  readonly [B in ShapeBody]: readonly { readonly axis: [number, number, number]; readonly rad: number }[];
} = {
  femur: FLEXIONS_RAD.map((rad) => ({ axis: [1, 0, 0], rad })),
  shank: TURNS_RAD.map((rad) => ({ axis: [0, 0, 1], rad })),
  patella: TILTS_RAD.map((rad) => ({ axis: [0, 0, 1], rad })),
};

const columns = (x: Vector, y: Vector, z: Vector): Float64Array =>
  Float64Array.of(x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0);

function meanOf(points: readonly Vector[]): Vector {
  const sum = points.reduce<Vector>((a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]], [0, 0, 0]);
  return [sum[0] / points.length, sum[1] / points.length, sum[2] / points.length];
}
