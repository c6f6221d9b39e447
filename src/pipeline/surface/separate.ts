import type { DigitisedPoint } from "../../data/recording.ts";
import { type BoneName, boneNames, type Surface } from "../../data/surface.ts";
import {
  connectedComponents,
  selectTriangles,
  triangleArea,
  triangleCentre,
  triangleCount,
  type Mesh,
} from "../../geometry/mesh.ts";

type Vector = readonly [number, number, number];

/** Beyond the poles and borders that the operator touched, mm: thickness of the skin and error of palpation. */
const PALPATION_MM = 7;
/** A patella is about as wide as it is high (knee.md 2.1); half of it, and a palpation. */
const PATELLA_HALF_WIDTH = 0.5;
/** How far below the skin over the patella its front face and borders reach; the trochlea lies deeper. */
const PATELLA_DEPTH_MM = 15;
/** Radius, about a line down from the touched point, that holds the fibular head and neck and little of the tibia. */
const FIBULA_RADIUS_MM = 13;
const FIBULA_LENGTH_MM = 80;
/** The joint line is looked for this far to either side of the touched plateau borders. */
const JOINT_SEARCH_MM = 8;
/** Less than this share of a bone, on a piece that is mostly another's, was put there by an error of palpation. */
const STRAY_SHARE = 0.4;
/** A piece smaller than this that hangs on another bone is part of it, cut off by an error of palpation. */
const SCRAP_MM2 = 60;

/**
 * Tells the bones of a sheet apart by the points that the operator touched on the skin (in the frame of the surface).
 * Needs both epicondyles and both borders of the tibial plateau; without the poles there is no patella, without the
 * fibular head no fibula. Otherwise the answer is the sheet itself, called "bone".
 */
export function separateBones(sheet: Surface, landmarks: readonly DigitisedPoint[]): Surface[] {
  const boneAt = classifier(sheet.mesh, landmarks);
  if (!boneAt || triangleCount(sheet.mesh) === 0) return [sheet];
  const label = Uint8Array.from({ length: triangleCount(sheet.mesh) }, (_, i) => {
    const { x, y, z } = triangleCentre(sheet.mesh, i);
    return boneNames.indexOf(boneAt([x, y, z]));
  });
  keepPiecesWhole(sheet.mesh, label);
  reassignScraps(sheet.mesh, label);
  const surfaces: Surface[] = [];
  boneNames.forEach((bone, b) => {
    if (!label.includes(b)) return;
    const { mesh, vertexSource } = selectTriangles(sheet.mesh, (i) => label[i] === b);
    const observations = Float32Array.from(vertexSource, (v) => sheet.observations[v]!);
    surfaces.push({ bone, mesh, observations, removed: surfaces.length === 0 ? sheet.removed : [] });
  });
  return surfaces;
}

function classifier(mesh: Mesh, landmarks: readonly DigitisedPoint[]): ((point: Vector) => BoneName) | undefined {
  const at = (name: string): Vector | undefined => landmarks.find((point) => point.name === name)?.positionMm;
  const medial = at("femur-medial-epicondyle"), lateral = at("femur-lateral-epicondyle"); // prettier-ignore
  const plateauMedial = at("tibia-medial-plateau"), plateauLateral = at("tibia-lateral-plateau"); // prettier-ignore
  if (!medial || !lateral || !plateauMedial || !plateauLateral) return undefined;
  const knee = midpoint(medial, lateral), plateau = midpoint(plateauMedial, plateauLateral); // prettier-ignore
  // The condyles stand on the plateau at every flexion, so the epicondyles lie straight up from it.
  const across = unit(minus(plateauLateral, plateauMedial));
  const up = unit(without(minus(knee, plateau), across));
  const isPatella = patellaRegion(at("patella-superior-pole"), at("patella-inferior-pole"), knee, across);
  const head = at("fibula-head");
  const isFibula = (p: Vector): boolean => {
    if (!head) return false;
    const d = minus(p, head), height = dot(d, up); // prettier-ignore
    return height < PALPATION_MM && height > -FIBULA_LENGTH_MM && length(without(d, up)) < FIBULA_RADIUS_MM;
  };
  const joint = jointLine(mesh, plateau, up, (p) => isPatella(p) || isFibula(p));
  return (p) => {
    if (isPatella(p)) return "patella";
    if (dot(minus(p, plateau), up) > joint) return "femur";
    return isFibula(p) ? "fibula" : "tibia";
  };
}

/** A block around the line between the poles: as wide as high, and from the skin down to the depth of its borders. */
function patellaRegion(
  superior: Vector | undefined,
  inferior: Vector | undefined,
  knee: Vector,
  across: Vector,
): (p: Vector) => boolean {
  if (!superior || !inferior) return () => false;
  const centre = midpoint(superior, inferior);
  const axis = unit(minus(superior, inferior)), half = length(minus(superior, inferior)) / 2; // prettier-ignore
  const front = unit(without(without(minus(centre, knee), axis), unit(without(across, axis))));
  const side = cross(axis, front);
  return (p) => {
    const d = minus(p, centre);
    return (
      Math.abs(dot(d, axis)) < half + PALPATION_MM &&
      Math.abs(dot(d, side)) < 2 * half * PATELLA_HALF_WIDTH + PALPATION_MM &&
      dot(d, front) > -PATELLA_DEPTH_MM
    );
  };
}

/** Height over the plateau's border, mm, at which the least surface lies: the gap between femur and tibia. */
function jointLine(mesh: Mesh, plateau: Vector, up: Vector, elsewhere: (p: Vector) => boolean): number {
  const bins = 2 * JOINT_SEARCH_MM + 1;
  const area = new Float64Array(bins);
  for (let i = 0; i < triangleCount(mesh); i++) {
    const { x, y, z, areaMm2 } = triangleCentre(mesh, i);
    const bin = Math.round(dot(minus([x, y, z], plateau), up)) + JOINT_SEARCH_MM;
    if (bin >= 0 && bin < bins && !elsewhere([x, y, z])) area[bin]! += areaMm2;
  }
  let best = 0, least = Infinity; // prettier-ignore
  for (let bin = 1; bin < bins - 1; bin++) {
    const height = bin - JOINT_SEARCH_MM;
    // Between equals the one nearer to where the operator felt it.
    const cost = area[bin - 1]! + 2 * area[bin]! + area[bin + 1]! + 0.1 * Math.abs(height);
    if (cost < least) {
      least = cost;
      best = height;
    }
  }
  return best;
}

/**
 * Nothing but a gap separates bones, so a connected piece of the sheet goes to the bone that most of it belongs to,
 * but for a bone that has no small part of itself there: then two bones have grown together, and the regions decide.
 */
function keepPiecesWhole(mesh: Mesh, label: Uint8Array): void {
  const { label: piece, count } = connectedComponents(mesh);
  const area = Array.from({ length: count }, () => new Float64Array(boneNames.length));
  const total = new Float64Array(boneNames.length);
  for (let i = 0; i < label.length; i++) {
    const areaMm2 = triangleArea(mesh, i);
    area[piece[i]!]![label[i]!]! += areaMm2;
    total[label[i]!]! += areaMm2;
  }
  const owner = area.map((byBone) => byBone.indexOf(Math.max(...byBone)));
  for (let i = 0; i < label.length; i++) {
    const here = area[piece[i]!]![label[i]!]!;
    if (here < STRAY_SHARE * total[label[i]!]!) label[i] = owner[piece[i]!]!;
  }
}

/** Gives small pieces of one bone to the bone that they share most vertices with. */
function reassignScraps(mesh: Mesh, label: Uint8Array): void {
  const { triangles } = mesh;
  const touching = new Map<number, Set<number>>();
  for (let i = 0; i < triangles.length; i++) {
    const bones = touching.get(triangles[i]!) ?? new Set<number>();
    touching.set(triangles[i]!, bones.add(label[Math.floor(i / 3)]!));
  }
  for (const bone of boneNames.keys()) {
    const own: number[] = [];
    for (let i = 0; i < label.length; i++) if (label[i] === bone) own.push(i);
    if (own.length === 0) continue;
    const part: Mesh = { positions: mesh.positions, triangles: Uint32Array.from(own.flatMap((i) => [...triangles.subarray(3 * i, 3 * i + 3)])) }; // prettier-ignore
    const { label: piece, count } = connectedComponents(part);
    const area = new Float64Array(count), shared = Array.from({ length: count }, () => new Float64Array(boneNames.length)); // prettier-ignore
    own.forEach((i, k) => {
      area[piece[k]!]! += triangleArea(mesh, i);
      for (let corner = 0; corner < 3; corner++) {
        for (const other of touching.get(triangles[3 * i + corner]!)!) if (other !== bone) shared[piece[k]!]![other]!++;
      }
    });
    own.forEach((i, k) => {
      const votes = shared[piece[k]!]!;
      const most = votes.indexOf(Math.max(...votes));
      if (area[piece[k]!]! < SCRAP_MM2 && votes[most]! > 0) label[i] = most;
    });
  }
}

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const midpoint = (a: Vector, b: Vector): Vector => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const length = (a: Vector): number => Math.hypot(...a);
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => {
  const n = length(a) || 1;
  return [a[0] / n, a[1] / n, a[2] / n];
};
/** What is left of `a` across the unit vector `axis`. */
const without = (a: Vector, axis: Vector): Vector => {
  const along = dot(a, axis);
  return [a[0] - along * axis[0], a[1] - along * axis[1], a[2] - along * axis[2]];
};
