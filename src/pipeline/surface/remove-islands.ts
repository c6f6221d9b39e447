import type { Surface } from "../../data/surface.ts";
import { connectedComponents, selectTriangles, triangleArea, triangleCount, type Mesh } from "../../geometry/mesh.ts";

/** Drops connected pieces smaller than `minAreaMm2`, and says how much that was. */
export function removeIslands(mesh: Mesh, minAreaMm2: number): { mesh: Mesh; removed: Surface["removed"] } {
  const { label, count } = connectedComponents(mesh);
  const area = new Float64Array(count),
    triangles = new Uint32Array(count);
  for (let i = 0; i < triangleCount(mesh); i++) {
    area[label[i]!]! += triangleArea(mesh, i);
    triangles[label[i]!]!++;
  }
  const removed = [...area.keys()]
    .filter((part) => area[part]! < minAreaMm2)
    .map((part) => ({
      reason: `island smaller than ${minAreaMm2} mm²`,
      triangles: triangles[part]!,
      areaMm2: area[part]!,
    }));
  if (removed.length === 0) return { mesh, removed };
  return { mesh: selectTriangles(mesh, (i) => area[label[i]!]! >= minAreaMm2).mesh, removed };
}
