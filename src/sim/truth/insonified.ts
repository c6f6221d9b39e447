import { triangleCentre, triangleCount, type Mesh } from "../../geometry/mesh.ts";

/** Where beams first met bone: four numbers a hit: x, y, z in mm and the cosine of the incidence angle. */
export type BeamHits = Float32Array;

/**
 * For each triangle, how many beams met bone within `reachMm` of its centre at an incidence of at most
 * `maxIncidenceRad` (hits with NaN met nothing). `reachMm` spans the gap between neighbouring lines and frames, so that
 * a triangle between two of them counts as seen. Saturates at 65535.
 */
export function countInsonified(
  mesh: Mesh,
  hits: BeamHits,
  { reachMm, maxIncidenceRad }: { readonly reachMm: number; readonly maxIncidenceRad: number },
): Uint16Array {
  const minCosine = Math.cos(maxIncidenceRad);
  const cells = new Map<number, number[]>();
  const key = (x: number, y: number, z: number): number =>
    (Math.floor(x / reachMm) + 4096) * 67108864 +
    (Math.floor(y / reachMm) + 4096) * 8192 +
    Math.floor(z / reachMm) +
    4096;
  for (let h = 0; h < hits.length; h += 4) {
    if (!(hits[h + 3]! >= minCosine)) continue;
    const at = key(hits[h]!, hits[h + 1]!, hits[h + 2]!);
    const cell = cells.get(at);
    if (cell) cell.push(h);
    else cells.set(at, [h]);
  }
  const counts = new Uint16Array(triangleCount(mesh));
  for (let i = 0; i < counts.length; i++) {
    const { x, y, z } = triangleCentre(mesh, i);
    let count = 0;
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (let dz = -1; dz <= 1; dz++) {
          for (const h of cells.get(key(x + dx * reachMm, y + dy * reachMm, z + dz * reachMm)) ?? []) {
            const d2 = (hits[h]! - x) ** 2 + (hits[h + 1]! - y) ** 2 + (hits[h + 2]! - z) ** 2;
            if (d2 <= reachMm * reachMm) count++;
          }
        }
      }
    }
    counts[i] = Math.min(65535, count);
  }
  return counts;
}
