import type { BoneName } from "../../data/surface.ts";
import { type Mesh, meshBounds, triangleCentre, triangleCount, triangleNormal } from "../../geometry/mesh.ts";
import type { Shapes } from "./bones.ts";

/** Anatomical regions of each bone, for scores per region. */
export const regionNames: { readonly [B in BoneName]: readonly string[] } = {
  femur: [
    "trochlea",
    "medial distal",
    "lateral distal",
    "medial posterior",
    "lateral posterior",
    "medial flank",
    "lateral flank",
    "notch",
    "metaphysis",
    "cap",
  ],
  tibia: ["medial plateau", "lateral plateau", "rim", "anterior", "posterior", "shaft", "cap"],
  patella: ["anterior", "articular", "rim"],
  fibula: ["head", "shaft", "cap"],
};

/** Where the shafts end because the model does: no bone surface, and left out of every score. */
const CAP_DEPTH_MM = 8,
  CAP_COSINE = 0.35;
const shaftEnd: { readonly [B in BoneName]: 1 | -1 | undefined } = {
  femur: 1,
  tibia: -1,
  fibula: -1,
  patella: undefined,
};

/** Depth below the plateau to which the tibia is metaphysis, and width of its rim, mm. */
const TIBIAL_METAPHYSIS_MM = 45,
  RIM_MM = 10;

type Point = readonly [number, number, number];

/** Region number of each triangle, from its centre and normal in the bone's own frame. */
export function assignRegions(name: BoneName, mesh: Mesh, shapes: Shapes): Uint8Array {
  const of = { femur: femurRegion, tibia: tibiaRegion, patella: patellaRegion, fibula: fibulaRegion }[name];
  const names = regionNames[name];
  const numbers = new Map(names.map((region, i) => [region, i]));
  const region = new Uint8Array(triangleCount(mesh));
  const end = shaftEnd[name],
    { min, max } = meshBounds(mesh),
    endZ = end === 1 ? max[2] : min[2];
  for (let i = 0; i < region.length; i++) {
    const { x, y, z } = triangleCentre(mesh, i);
    const n = triangleNormal(mesh, i);
    const length = Math.hypot(...n) || 1;
    if (end && Math.abs(z - endZ) < CAP_DEPTH_MM && (end * n[2]) / length > CAP_COSINE) {
      region[i] = numbers.get("cap")!;
      continue;
    }
    region[i] = numbers.get(of([x, y, z], [n[0] / length, n[1] / length, n[2] / length], shapes))!;
  }
  return region;
}

function femurRegion([x, y, z]: Point, [nx, , nz]: Point, { femur }: Shapes): string {
  const s = -femur.distalZ / 28;
  const side = x < femur.notch.x ? "medial" : "lateral";
  const [, cy, cz] = side === "medial" ? femur.medialCentre : femur.lateralCentre;
  if (femur.notchSolid(x, y, z) < 2.5 * s && z < cz + 14 * s && y < cy + 18 * s) return "notch";
  if (z > cz + 22 * s) return "metaphysis";
  if (Math.abs(nx) > 0.72) return `${side} flank`;
  const inward = Math.abs(x) < 30 * s;
  // Angle about the condyle's centre: 0 straight down, positive forward.
  const angle = Math.atan2(y - cy, cz - z);
  if (angle > 0.85) {
    if (y > femur.anteriorMm.medialY - 16 * s && inward && z < femur.anteriorMm.z + 12 * s) return "trochlea";
    return z > cz + 12 * s ? "metaphysis" : `${side} flank`;
  }
  if (angle > -0.7) return nz > 0.3 ? `${side} flank` : `${side} distal`;
  return angle > -2.5 && y < cy ? `${side} posterior` : "metaphysis";
}

function tibiaRegion([x, y, z]: Point, [, , nz]: Point, { tibia }: Shapes): string {
  if (nz > 0.6 && z > -14) return x < 0 ? "medial plateau" : "lateral plateau";
  if (z > -RIM_MM) return "rim";
  if (z < -TIBIAL_METAPHYSIS_MM) return "shaft";
  return y > tibia.centreY ? "anterior" : "posterior";
}

function patellaRegion(_: Point, [, ny]: Point): string {
  return ny > 0.6 ? "anterior" : ny < -0.45 ? "articular" : "rim";
}

function fibulaRegion([, , z]: Point, _: Point, { tibia }: Shapes): string {
  return z > tibia.fibulaAxis.head[2] - 14 ? "head" : "shaft";
}
