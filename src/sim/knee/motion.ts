import { compose, fromAxisAngle, type Rigid, transformPoint } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import { type BoneSet, localBone } from "./bones.ts";
import type { Point } from "./implicit.ts";

/** Where each bone is at one flexion angle. The fibula moves with the tibia; the femur's frame is the knee frame. */
export interface KneePose {
  readonly flexionRad: number;
  readonly kneeFromTibia: Rigid<"knee", "tibia">;
  readonly kneeFromPatella: Rigid<"knee", "patella">;
}

/** Between the two layers of cartilage that face each other: the film of joint fluid. */
const FLUID_MM = 0.3;

/** Flexion at which the fast part of internal rotation has fallen to 1/e (screw-home), and where the slow one begins. */
const SCREW_HOME_RAD = (15 * Math.PI) / 180,
  SLOW_FROM_RAD = (30 * Math.PI) / 180,
  ROLL_BACK_AT_RAD = (120 * Math.PI) / 180;

const shift = <A extends "knee" | "tibia" | "patella", B extends "knee" | "tibia" | "patella">(
  x: number,
  y: number,
  z: number,
): Rigid<A, B> => fromAxisAngle([1, 0, 0], 0, [x, y, z]);

/** Rotation of the knee frame about an axis through `point`. */
function about(point: Point, axis: Point, angleRad: number): Rigid<"knee", "knee"> {
  const back = compose(
    fromAxisAngle<"knee", "knee">(axis, angleRad),
    shift<"knee", "knee">(-point[0], -point[1], -point[2]),
  );
  return compose(shift<"knee", "knee">(...point), back);
}

/**
 * The tibia turns about the axis of the posterior condyles, inward about the medial condyle, and rolls; along the
 * shank and in ab/adduction it then rests on both condyles, two layers of cartilage away. The patella is pressed
 * against the femur in the line of the groove, where its tendon reaches the tubercle.
 */
export function poseKnee(set: BoneSet, flexionRad: number): KneePose {
  const kneeFromTibia = poseTibia(set, flexionRad);
  return { flexionRad, kneeFromTibia, kneeFromPatella: posePatella(set, flexionRad, kneeFromTibia) };
}

function poseTibia(set: BoneSet, flexionRad: number): Rigid<"knee", "tibia"> {
  const { femur, tibia } = set.shapes,
    { motion, softTissue } = set.parameters;
  const femurField = localBone(set, "femur").distance;
  const gap = softTissue.femoralCartilageMm + softTissue.tibialCartilageMm + FLUID_MM;
  const [, my, mz] = femur.medialCentre,
    [, ly, lz] = femur.lateralCentre;
  const inward =
    motion.internalRotationRad * (1 - Math.exp(-flexionRad / SCREW_HOME_RAD)) +
    motion.internalRotationSlope * Math.max(0, flexionRad - SLOW_FROM_RAD);
  const roll = motion.rollBackMm * Math.min(1, flexionRad / ROLL_BACK_AT_RAD);
  const flexed = compose(
    about([0, (my + ly) / 2, (mz + lz) / 2], [1, 0, 0], -flexionRad),
    about([tibia.medialX, tibia.centreY, 0], [0, 0, 1], inward),
  );
  const placed = compose(flexed, shift<"knee", "tibia">(0, roll, femur.distalZ - gap));

  // The plateau away from the spines, which stand free in the notch.
  const { positions } = localBone(set, "tibia").mesh;
  const medial: number[] = [],
    lateral: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]!,
      y = positions[i + 1]!,
      z = positions[i + 2]!;
    if (z < -9 || Math.abs(x) < 9) continue;
    if ((i / 3) % 2 === 0) (x < 0 ? medial : lateral).push(x, y, z);
  }
  let rise = 0,
    tilt = 0;
  const resting = (): Rigid<"knee", "tibia"> =>
    compose(placed, fromAxisAngle<"tibia", "tibia">([0, 1, 0], tilt, [0, 0, rise]));
  for (let iteration = 0; iteration < 12; iteration++) {
    const now = resting();
    const m = clearance(femurField, now, medial) - gap,
      l = clearance(femurField, now, lateral) - gap;
    if (Math.abs(m) < 0.01 && Math.abs(l) < 0.01) break;
    rise += (m + l) / 2;
    // Turning about +Y lifts the medial (−X) side: by 20 mm of lever arm a radian.
    tilt += ((m - l) / (tibia.lateralX - tibia.medialX)) * 0.9;
  }
  return resting();
}

/** Smallest value of `field` over points (interleaved) of another frame. */
function clearance<F extends "tibia" | "patella">(
  field: DistanceField,
  kneeFromBone: Rigid<"knee", F>,
  points: ArrayLike<number>,
): number {
  const m = kneeFromBone.m;
  let least = Infinity;
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i]!, y = points[i + 1]!, z = points[i + 2]!; // prettier-ignore
    const d = field.distanceMm(
      m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
      m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
      m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
    );
    if (d < least) least = d;
  }
  return least;
}

function posePatella(
  set: BoneSet,
  flexionRad: number,
  kneeFromTibia: Rigid<"knee", "tibia">,
): Rigid<"knee", "patella"> {
  const { femur, tibia } = set.shapes,
    { motion, softTissue } = set.parameters;
  const femurField = localBone(set, "femur").distance;
  const gap = softTissue.femoralCartilageMm + softTissue.patellarCartilageMm + FLUID_MM;
  const { positions } = localBone(set, "patella").mesh;
  const back: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    if (positions[i + 1]! < 3 && (i / 3) % 3 === 0) back.push(positions[i]!, positions[i + 1]!, positions[i + 2]!);
  }
  const pole = lowest(positions);
  const tubercle = transformPoint(kneeFromTibia.m, ...tibia.tubercle);
  const turned = -motion.patellarFlexionShare * flexionRad;
  // The groove is round about this line; angle 0 faces forward, 90° down.
  const centreY = (femur.anteriorMm.medialY + femur.anteriorMm.lateralY) / 2 - 30,
    centreZ = femur.distalZ + 30;
  const place = (angle: number, radius: number): Rigid<"knee", "patella"> =>
    fromAxisAngle([1, 0, 0], turned, [
      femur.grooveX,
      centreY + radius * Math.cos(angle),
      centreZ - radius * Math.sin(angle),
    ]);
  const pressed = (angle: number): Rigid<"knee", "patella"> => {
    let near = 10,
      far = 95;
    for (let iteration = 0; iteration < 16; iteration++) {
      const radius = (near + far) / 2;
      if (clearance(femurField, place(angle, radius), back) < gap) near = radius;
      else far = radius;
    }
    return place(angle, far);
  };
  const wanted = set.parameters.patella.tendonLengthMm;
  let high = -1.4,
    low = 1.9;
  for (let iteration = 0; iteration < 18; iteration++) {
    const angle = (high + low) / 2;
    const apex = transformPoint(pressed(angle).m, ...pole);
    const length = Math.hypot(apex[0] - tubercle[0], apex[1] - tubercle[1], apex[2] - tubercle[2]);
    if (length > wanted) high = angle;
    else low = angle;
  }
  return pressed((high + low) / 2);
}

/** Vertex with the smallest z. */
function lowest(positions: Readonly<Float32Array>): Point {
  let at = 0;
  for (let i = 0; i < positions.length; i += 3) if (positions[i + 2]! < positions[at + 2]!) at = i;
  return [positions[at]!, positions[at + 1]!, positions[at + 2]!];
}
