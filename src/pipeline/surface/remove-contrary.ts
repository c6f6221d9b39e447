import { selectSurface, type Surface } from "../../data/surface.ts";
import { createClosestPoint, type ClosestPoint } from "../../geometry/closest-point.ts";
import {
  connectedComponents,
  selectTriangles,
  triangleArea,
  triangleCentre,
  triangleCount,
  triangleNormal,
  type Mesh,
} from "../../geometry/mesh.ts";

/** What lies this much farther from the bone than the nearest part of a piece still speaks for how the two face. */
const RIM_MM = 2;
/** Cosine between the normals of a piece and of the bone beside it, below which they face different ways. */
const CONTRARY_COS = 0.1;
/** Farther than this from the bone nothing says how it would go on. */
const FAR_MM = 10;

/**
 * Drops pieces that no bone could have: a bone's surface bends on from piece to piece, so that across a gap it faces
 * about the same way. A muscle's sheet that was taken for bone lies before a bone's far side, and faces against it.
 * The largest piece of a bone is its measure.
 */
export function removeContrary(bone: Surface): Surface {
  const { mesh, removed } = bone;
  const { label, count } = connectedComponents(mesh);
  if (count < 2) return bone;
  const area = new Float64Array(count);
  for (let i = 0; i < label.length; i++) area[label[i]!]! += triangleArea(mesh, i);
  const main = area.indexOf(Math.max(...area));
  const measure = selectTriangles(mesh, (i) => label[i] === main).mesh;
  const surface = createClosestPoint(measure);
  const dropped = new Set<number>();
  for (let part = 0; part < count; part++) {
    if (part !== main && isContrary(mesh, (i) => label[i] === part, surface)) dropped.add(part);
  }
  if (dropped.size === 0) return bone;
  return {
    ...selectSurface(bone, (i) => !dropped.has(label[i]!)),
    removed: [
      ...removed,
      ...[...dropped].map((part) => ({
        reason: "faces against the bone beside it, as no bone does",
        triangles: label.reduce((n, l) => n + (l === part ? 1 : 0), 0),
        areaMm2: area[part]!,
      })),
    ],
  };
}

function isContrary(mesh: Mesh, belongs: (triangle: number) => boolean, surface: ClosestPoint): boolean {
  const near: { readonly distanceMm: number; readonly cosine: number; readonly areaMm2: number }[] = [];
  for (let i = 0; i < triangleCount(mesh); i++) {
    if (!belongs(i)) continue;
    const { x, y, z, areaMm2 } = triangleCentre(mesh, i);
    const hit = surface.nearest(x, y, z);
    if (!hit) continue;
    near.push({ distanceMm: hit.distanceMm, cosine: cosine(triangleNormal(mesh, i), surface.normalAt(hit)), areaMm2 });
  }
  const gapMm = Math.min(...near.map(({ distanceMm }) => distanceMm));
  if (gapMm > FAR_MM) return true;
  let sum = 0, weight = 0; // prettier-ignore
  for (const { distanceMm, cosine: c, areaMm2 } of near) {
    if (distanceMm > gapMm + RIM_MM) continue;
    sum += areaMm2 * c;
    weight += areaMm2;
  }
  return sum < CONTRARY_COS * weight;
}

function cosine(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths > 0 ? (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / lengths : 0;
}
