import { createClosestPoint } from "./closest-point.ts";
import type { DistanceField } from "./distance-field.ts";
import type { Mesh } from "./mesh.ts";

/** Exact signed distance to a closed mesh, negative inside. For a sheet the sign says which side of it. */
export function meshDistanceField(mesh: Mesh): DistanceField {
  const surface = createClosestPoint(mesh);
  return { distanceMm: (x, y, z) => surface.signedDistanceMm(x, y, z) };
}
