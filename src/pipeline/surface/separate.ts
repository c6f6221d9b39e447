import type { DigitisedPoint } from "../../data/recording.ts";
import { boneNames, selectSurface, type Surface } from "../../data/surface.ts";
import { connectedComponents, triangleArea, type Mesh } from "../../geometry/mesh.ts";
import { boneRegions } from "./bone-regions.ts";
import { labelFacets } from "./label-facets.ts";
import { facetsOf } from "./sheet-facets.ts";

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
  const facets = facetsOf(sheet.mesh);
  const memberships = boneRegions(facets, landmarks);
  if (!memberships || facets.count === 0) return [sheet];
  const label = labelFacets(sheet.mesh, facets, memberships, boneNames.length);
  keepPiecesWhole(sheet.mesh, label);
  reassignScraps(sheet.mesh, label);
  const surfaces: Surface[] = [];
  boneNames.forEach((bone, b) => {
    if (!label.includes(b)) return;
    const part = selectSurface(sheet, (i) => label[i] === b);
    surfaces.push({ ...part, bone, removed: surfaces.length === 0 ? sheet.removed : [] });
  });
  return surfaces;
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
  const fibula = boneNames.indexOf("fibula"),
    tibia = boneNames.indexOf("tibia");
  for (let i = 0; i < label.length; i++) {
    // The fibula's axis was found on the surface itself, so no error of palpation cuts a part off it or off the tibia.
    if (label[i] === fibula || (label[i] === tibia && owner[piece[i]!] === fibula)) continue;
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
