import type { Surface } from "../../data/surface.ts";
import { connectedComponents, triangleArea, triangleCount, type Mesh } from "../../geometry/mesh.ts";

export interface Islands {
  /** False for the triangles of pieces that are too small. */
  readonly keep: (triangle: number) => boolean;
  readonly removed: Surface["removed"];
}

/** Connected pieces smaller than `minAreaMm2`, and how much they are. */
export function findIslands(mesh: Mesh, minAreaMm2: number): Islands {
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
  return { keep: (i) => area[label[i]!]! >= minAreaMm2, removed };
}
