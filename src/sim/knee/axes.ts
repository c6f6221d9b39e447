import type { Angle, Axis, Landmark } from "../../data/ground-truth.ts";
import type { BoneName } from "../../data/surface.ts";
import type { KneeParameters } from "./parameters.ts";

/** Each axis runs from one landmark to another. */
const AXES: readonly (readonly [name: string, bone: BoneName, from: string, to: string])[] = [
  ["transepicondylar axis", "femur", "medial epicondyle", "lateral epicondyle"],
  ["posterior condylar axis", "femur", "medial posterior condyle", "lateral posterior condyle"],
  ["distal condylar axis", "femur", "medial distal condyle", "lateral distal condyle"],
  ["Whiteside line", "femur", "notch centre", "trochlear groove"],
  ["tibial axis", "tibia", "tibial shaft", "plateau centre"],
  ["plateau width", "tibia", "medial plateau border", "lateral plateau border"],
  ["patellar axis", "patella", "distal pole", "proximal pole"],
];

/** The axes that surgeons draw, through landmarks and in their frame. */
export function axesThrough(landmarks: readonly Landmark[]): Axis[] {
  const at = (name: string): readonly [number, number, number] => landmarks.find((l) => l.name === name)!.positionMm;
  return AXES.map(([name, bone, from, to]) => ({ name, bone, fromMm: at(from), toMm: at(to) }));
}

const DEG = Math.PI / 180;

/** Angles that parameters hold exactly; `verify knee` measures them on the meshes. */
export function anglesOf({ tibia, femur }: KneeParameters, flexionRad: number): Angle[] {
  return [
    { name: "flexion", deg: flexionRad / DEG },
    { name: "medial tibial slope", deg: tibia.medialSlopeRad / DEG },
    { name: "lateral tibial slope", deg: tibia.lateralSlopeRad / DEG },
    { name: "posterior condylar angle", deg: femur.posteriorTurnRad / DEG },
  ];
}
