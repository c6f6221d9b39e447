import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ViewedMesh } from "../../data/view-page.ts";
import { meshBounds, triangleCount, vertexCount } from "../../geometry/mesh.ts";
import { readMesh } from "../../io/mesh/read-mesh.ts";
import { meshBytes } from "./mesh-bytes.ts";

/** What a browser still turns smoothly, and 100 MB on its way there. */
const MAX_TRIANGLES = 3_000_000;
const MAX_SCALARS = 8;

export interface MeshView {
  readonly item: ViewedMesh;
  readonly bytes: Uint8Array;
}

/** A mesh file with the values of its vertices, LPS. Throws an UnsuitableInputError for one that is too large. */
export async function openMeshView(path: string): Promise<MeshView> {
  const { mesh, vertexScalars, warnings } = await readMesh(path);
  const triangles = triangleCount(mesh),
    vertices = vertexCount(mesh);
  if (triangles > MAX_TRIANGLES) {
    throw new UnsuitableInputError(
      `${path}: ${triangles} triangles; up to ${MAX_TRIANGLES} are shown`,
      "Reduce the number of its triangles first",
    );
  }
  const shown = [...vertexScalars].slice(0, MAX_SCALARS);
  const { min, max } = vertices ? meshBounds(mesh) : { min: [0, 0, 0], max: [0, 0, 0] };
  return {
    item: {
      kind: "mesh",
      name: basename(path),
      vertices,
      triangles,
      scalars: shown.map(([name, values]) => ({ name, ...rangeOf(values) })),
      sizeMm: [0, 1, 2].map((axis) => Number((max[axis]! - min[axis]!).toFixed(2))),
      warnings,
    },
    bytes: meshBytes(
      mesh,
      shown.map(([, values]) => values),
    ),
  };
}

/** Of the finite values; 0 to 0 without one. */
function rangeOf(values: Readonly<Float32Array>): { readonly min: number; readonly max: number } {
  let min = Infinity,
    max = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}
