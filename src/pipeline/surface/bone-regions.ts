import type { DigitisedPoint } from "../../data/recording.ts";
import { type BoneName, boneNames } from "../../data/surface.ts";
import { fibulaRegion } from "./fibula-region.ts";
import { shaftAxis } from "./shaft-axis.ts";
import { centreOf, type Facets, normalOf } from "./sheet-facets.ts";
import { along, cross, dot, length, midpoint, minus, unit, type Vector, without } from "./vector.ts";

/** Per facet and bone (in the order of `boneNames`): how likely the touched points alone make it; adds up to 1. */
export type Memberships = Float64Array;

/** Beyond the poles and borders that the operator touched, mm: thickness of the skin and error of palpation. */
const PALPATION_MM = 7;
/** A patella is about as wide as it is high (knee.md 2.1); half of it, and a palpation. */
const PATELLA_HALF_WIDTH = 0.5;
/** How far below the skin over the patella its borders reach, and how much less deep its front face: the trochlea lies deeper. */
const PATELLA_DEPTH_MM = 15;
const PATELLA_FRONT_MM = 8;
/**
 * The joint line is looked for between these heights over the touched plateau borders, mm: between the plateau's border
 * and the condyles' sides there is a gap of some 10 mm, and both borders were touched through skin.
 */
const JOINT_FROM_MM = -6;
const JOINT_TO_MM = 16;
const JOINT_USUAL_MM = 5;
/** How far it may lie from its usual height, mm: farther, and less surface than usual says less than the touch. */
const JOINT_SD_MM = 6;
/** The lower leg's shaft begins this far below the plateau's border: above lie the flares of the condyles. */
const SHAFT_FROM_MM = 15;
/** How sharp the regions' borders are: a facet this far beyond one is outside with a probability of 73 %. */
const BORDER_MM = 1.5;

const inside = (byMm: number): number => 1 / (1 + Math.exp(-byMm / BORDER_MM));

/**
 * What the touched points say of every facet. Needs both epicondyles and both borders of the tibial plateau; without the
 * poles there is no patella, without the fibular head no fibula.
 */
export function boneRegions(facets: Facets, landmarks: readonly DigitisedPoint[]): Memberships | undefined {
  const at = (name: string): Vector | undefined => landmarks.find((point) => point.name === name)?.positionMm;
  const medial = at("femur-medial-epicondyle"), lateral = at("femur-lateral-epicondyle"); // prettier-ignore
  const plateauMedial = at("tibia-medial-plateau"), plateauLateral = at("tibia-lateral-plateau"); // prettier-ignore
  if (!medial || !lateral || !plateauMedial || !plateauLateral) return undefined;
  const knee = midpoint(medial, lateral), plateau = midpoint(plateauMedial, plateauLateral); // prettier-ignore
  // The condyles stand on the plateau at every flexion, so the epicondyles lie straight up from it.
  const across = unit(minus(plateauLateral, plateauMedial));
  const up = unit(without(minus(knee, plateau), across));
  const heightOf = (i: number): number => dot(minus(centreOf(facets, i), plateau), up);
  const patella = patellaRegion(at("patella-superior-pole"), at("patella-inferior-pole"), knee, across);
  const head = at("fibula-head");
  const down = shaftAxis(facets, (i) => heightOf(i) < -SHAFT_FROM_MM, along([0, 0, 0], up, -1));
  const fibula = head ? fibulaRegion(facets, head, down, (i) => heightOf(i) < 0) : undefined;
  const joint = jointLine(
    facets,
    heightOf,
    (i) => patella(centreOf(facets, i), normalOf(facets, i)) > 0.5 || (fibula !== undefined && fibula[i]! > 0.5),
  );
  const memberships = new Float64Array(boneNames.length * facets.count);
  const put = (facet: number, bone: BoneName, share: number): void => {
    memberships[boneNames.length * facet + boneNames.indexOf(bone)] = share;
  };
  for (let i = 0; i < facets.count; i++) {
    const p = patella(centreOf(facets, i), normalOf(facets, i)),
      above = (1 - p) * inside(heightOf(i) - joint),
      below = 1 - p - above,
      f = fibula ? fibula[i]! : 0;
    put(i, "patella", p);
    put(i, "femur", above);
    put(i, "fibula", below * f);
    put(i, "tibia", below * (1 - f));
  }
  return memberships;
}

/** A block around the line between the poles: as wide as high, and from the skin down to the depth of its borders. */
function patellaRegion(
  superior: Vector | undefined,
  inferior: Vector | undefined,
  knee: Vector,
  across: Vector,
): (p: Vector, normal: Vector) => number {
  if (!superior || !inferior) return () => 0;
  const centre = midpoint(superior, inferior);
  const axis = unit(minus(superior, inferior)), half = length(minus(superior, inferior)) / 2; // prettier-ignore
  const front = unit(without(without(minus(centre, knee), axis), unit(without(across, axis))));
  const side = cross(axis, front);
  return (p, normal) => {
    const d = minus(p, centre),
      depth = PATELLA_DEPTH_MM - PATELLA_FRONT_MM * Math.max(0, dot(normal, front));
    return (
      inside(half + PALPATION_MM - Math.abs(dot(d, axis))) *
      inside(2 * half * PATELLA_HALF_WIDTH + PALPATION_MM - Math.abs(dot(d, side))) *
      inside(dot(d, front) + depth)
    );
  };
}

/**
 * Height over the plateau's border, mm, at which the least surface lies for so likely a height: the gap between femur and
 * tibia. A gap outweighs as much as one and a half SD of palpation; where strokes leave no gap, the touch decides.
 */
function jointLine(facets: Facets, heightOf: (facet: number) => number, elsewhere: (facet: number) => boolean): number {
  const bins = JOINT_TO_MM - JOINT_FROM_MM + 1;
  const area = new Float64Array(bins);
  for (let i = 0; i < facets.count; i++) {
    const bin = Math.round(heightOf(i)) - JOINT_FROM_MM;
    if (bin >= 0 && bin < bins && !elsewhere(i)) area[bin]! += facets.areaMm2[i]!;
  }
  const usual = area.reduce((sum, a) => sum + a, 0) / bins || 1;
  let best = JOINT_USUAL_MM, least = Infinity; // prettier-ignore
  for (let bin = 1; bin < bins - 1; bin++) {
    const height = bin + JOINT_FROM_MM;
    const surface = (area[bin - 1]! + 2 * area[bin]! + area[bin + 1]!) / (4 * usual);
    const cost = surface + 0.5 * ((height - JOINT_USUAL_MM) / JOINT_SD_MM) ** 2;
    if (cost < least) {
      least = cost;
      best = height;
    }
  }
  return best;
}
