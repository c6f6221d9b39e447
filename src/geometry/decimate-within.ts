import { createClosestPoint } from "./closest-point.ts";
import { decimate, type Decimated } from "./decimate.ts";
import { triangleCount, type Mesh } from "./mesh.ts";

/** The simplifier's estimate is too small on rims: what it is asked for is then lowered, so often at most. */
const ATTEMPTS = 5;
/** Below what would just do, since the true distance does not follow the estimate exactly. */
const SAFETY = 0.8;

/**
 * As few triangles as keep every vertex of the mesh within `maxErrorMm` of the result: measured, not estimated. The mesh
 * itself when nothing smaller does.
 */
export async function decimateWithin(mesh: Mesh, maxErrorMm: number): Promise<Decimated> {
  let asked = maxErrorMm;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { mesh: coarse } = await decimate(mesh, { maxTriangles: triangleCount(mesh), maxErrorMm: asked });
    const errorMm = farthestVertex(mesh, coarse);
    if (errorMm <= maxErrorMm) return { mesh: coarse, errorMm };
    asked *= (SAFETY * maxErrorMm) / errorMm;
  }
  return { mesh, errorMm: 0 };
}

function farthestVertex({ positions }: Mesh, coarse: Mesh): number {
  const surface = createClosestPoint(coarse);
  let worst = 0;
  for (let v = 0; v < positions.length; v += 3) {
    worst = Math.max(worst, surface.distanceMm(positions[v]!, positions[v + 1]!, positions[v + 2]!));
  }
  return worst;
}
