import { vertexCount, type Mesh } from "../../geometry/mesh.ts";
import { indexPoints } from "./point-index.ts";
import type { RidgePoints } from "./ridge-points.ts";

/** Per vertex: how many image columns saw bone within `withinMm` of it. */
export function countObservations(mesh: Mesh, { position, pixels }: RidgePoints, withinMm: number): Float32Array {
  const index = indexPoints(position, withinMm);
  const seen = new Float32Array(vertexCount(mesh));
  for (let v = 0; v < seen.length; v++) {
    const x = mesh.positions[3 * v]!, y = mesh.positions[3 * v + 1]!, z = mesh.positions[3 * v + 2]!; // prettier-ignore
    let sum = 0;
    index.around(x, y, z, (p) => {
      const d2 = (position[3 * p]! - x) ** 2 + (position[3 * p + 1]! - y) ** 2 + (position[3 * p + 2]! - z) ** 2;
      if (d2 <= withinMm * withinMm) sum += pixels[p]!;
    });
    seen[v] = sum;
  }
  return seen;
}
