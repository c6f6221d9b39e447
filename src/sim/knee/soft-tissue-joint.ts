import { invert, transformPoint } from "../../core/rigid.ts";
import { type Implicit, mix, type Point, smoothMin, smoothStep, taperedCapsule } from "./implicit.ts";
import type { Knee } from "./posed-knee.ts";
import type { SoftVolume } from "./soft-volume.ts";

/** Capsule and synovium on the bone beside the joint, mm. */
const CAPSULE_MM = 1.3;

/** Deep fascia over the leg, and the retinacula that strengthen it beside the patella, mm. */
const FASCIA_MM = 0.8,
  RETINACULUM_MM = 1.5;

/** Superficial medial collateral ligament: width 10-16 mm, 2-3 mm thick, ends 45-60 mm below the joint line. */
const MCL = { widthMm: 13, thicknessMm: 2.4, offMm: 0.8, belowMm: 48, deepMm: 6 } as const;

/** Lateral collateral ligament: a cord of 3-4 mm from the epicondyle to the head of the fibula. */
const LCL_RADIUS_MM = 1.9;

/** Walls of the popliteal vessels with the adventitia, mm: intima and media of the artery alone are 0.6-0.9. */
const ARTERY_WALL_MM = 1.2,
  VEIN_WALL_MM = 0.8;

/** Menisci: free edge this far inside the rim of the plateau (body, front horn, back horn), and bulge over it, mm. */
const MEDIAL_MENISCUS = { body: 9, front: 8, back: 14 } as const,
  LATERAL_MENISCUS = { body: 11, front: 11, back: 11 } as const,
  EXTRUSION_MM = 1.5,
  ROOT_MM = 5,
  MENISCUS_HEIGHT_MM = 8;

/** What ties the bones together and runs past them; all in the knee frame. */
export interface JointTissue {
  readonly volumes: readonly SoftVolume[];
  /** Negative inside the menisci: wedges between rim and free edge, as high as the condyles leave room. */
  readonly menisci: Implicit;
  /** Thickness of the joint capsule on the bone near a point, mm; 0 away from the joint. */
  capsuleMm(x: number, y: number, z: number): number;
  /** Thickness of the sheet under the subcutaneous fat: fascia, or retinaculum beside the patella. */
  sheetMm(x: number, y: number, z: number): number;
}

export function jointTissue(knee: Knee): JointTissue {
  const { parameters: p, pose, set } = knee;
  const { tibia } = set.shapes;
  const s = p.femur.epicondylarWidthMm / 82.65;
  const field = (name: string) => knee.bones.find((b) => b.name === name)!.distance;
  const femurField = field("femur"),
    tibiaField = field("tibia");
  const at = (name: string): Point => knee.landmarks.find((l) => l.name === name)!.positionMm;
  const thigh = (x: number, y: number, z: number): Point => [x * s, y * s, z * s];
  const shank = (x: number, y: number, z: number): Point => transformPoint(pose.kneeFromTibia.m, x * s, y * s, z * s);
  const m = invert(pose.kneeFromTibia).m;
  const height = (x: number, y: number, z: number): number => m[8]! * x + m[9]! * y + m[10]! * z + m[11]!;

  /** Both bones under one skin that spans the gap between them. */
  const jointSurface: Implicit = (x, y, z) =>
    smoothMin(femurField.distanceMm(x, y, z), tibiaField.distanceMm(x, y, z), 9);

  const mclTop = at("medial epicondyle"),
    mclFoot = shank(-24, 8, -MCL.belowMm);
  const mclAlong = unit(minus(mclFoot, mclTop)),
    mclAcross = unit(cross(mclAlong, [-1, 0, 0])),
    mclOutward = cross(mclAcross, mclAlong),
    mclLength = Math.hypot(...minus(mclFoot, mclTop));
  const medialCollateral: Implicit = (x, y, z) => {
    const d = minus([x, y, z], mclTop);
    const along = dot(d, mclAlong);
    const corridor = Math.max(
      Math.abs(dot(d, mclAcross)) - (MCL.widthMm / 2) * s,
      -3 - along,
      along - mclLength,
      -dot(d, mclOutward) - MCL.deepMm * s, // not into the gap between the bones
    );
    if (corridor > 6) return corridor;
    const layer = Math.abs(jointSurface(x, y, z) - MCL.offMm - MCL.thicknessMm / 2) - MCL.thicknessMm / 2;
    return Math.max(corridor, layer);
  };

  const outward = ([x, y, z]: Point, by: number): Point => [x + by, y, z];
  const lclTop = outward(at("lateral epicondyle"), 1.5),
    lclFoot = outward(at("fibular tip"), 3.5);

  const artery = taperedPath([thigh(3, -20, 75), thigh(4, -27, 20), shank(3, -29, -12), shank(5, -27, -75)], 3 * s);
  const vein = taperedPath([thigh(6, -26, 75), thigh(6, -34, 20), shank(5, -36, -12), shank(7, -33, -75)], 4 * s);

  const rim = ({ body, front, back }: typeof MEDIAL_MENISCUS | typeof LATERAL_MENISCUS, forward: number): number =>
    mix(body, forward > 0 ? front : back, smoothStep(0.3, 0.9, Math.abs(forward)));
  const menisci: Implicit = (x, y, z) => {
    const tx = m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
      ty = m[4]! * x + m[5]! * y + m[6]! * z + m[7]!;
    if (Math.abs(tx) < ROOT_MM * s) return 1;
    const toFemur = femurField.distanceMm(x, y, z),
      toTibia = tibiaField.distanceMm(x, y, z);
    const space = Math.max(toFemur, toTibia) - MENISCUS_HEIGHT_MM * s;
    if (space > 0) return space;
    const inside = -tibia.outline(tx, ty);
    const forward = (ty - tibia.centreY) / (p.tibia.plateauDepthMm / 2);
    return Math.max(
      inside - rim(tx < 0 ? MEDIAL_MENISCUS : LATERAL_MENISCUS, forward) * s,
      -inside - EXTRUSION_MM,
      space,
    );
  };

  return {
    volumes: [
      { name: "popliteal artery", tissue: "blood", solid: artery, fibreDirection: [0, 0, 1] },
      { name: "popliteal vein", tissue: "blood", solid: vein, fibreDirection: [0, 0, 1] },
      { name: "wall of the artery", tissue: "vessel wall", solid: grown(artery, ARTERY_WALL_MM), fibreDirection: [0, 0, 1] }, // prettier-ignore
      { name: "wall of the vein", tissue: "vessel wall", solid: grown(vein, VEIN_WALL_MM), fibreDirection: [0, 0, 1] },
      { name: "medial collateral ligament", tissue: "ligament", solid: medialCollateral, fibreDirection: mclAlong },
      {
        name: "lateral collateral ligament",
        tissue: "ligament",
        solid: taperedCapsule(lclTop, LCL_RADIUS_MM * s, lclFoot, LCL_RADIUS_MM * s),
        fibreDirection: unit(minus(lclFoot, lclTop)),
      },
    ],
    menisci,
    capsuleMm: (x, y, z) => CAPSULE_MM * smoothStep(20 * s, 12 * s, z) * smoothStep(-18 * s, -11 * s, height(x, y, z)),
    sheetMm: (x, y, z) =>
      FASCIA_MM +
      (RETINACULUM_MM - FASCIA_MM) *
        smoothStep(34 * s, 22 * s, z) *
        smoothStep(-34 * s, -22 * s, height(x, y, z)) *
        smoothStep(-12 * s, 0, y),
  };
}

/** A solid and all that lies within so many mm of it. */
function grown(solid: Implicit, byMm: number): Implicit {
  return (x, y, z) => solid(x, y, z) - byMm;
}

/** A tube through the points. */
function taperedPath(points: readonly Point[], radiusMm: number): Implicit {
  const pieces = points.slice(1).map((to, i) => taperedCapsule(points[i]!, radiusMm, to, radiusMm));
  return (x, y, z) => pieces.reduce((least, piece) => Math.min(least, piece(x, y, z)), Infinity);
}

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Point): Point => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};
