import { type Mesh, meshBounds, triangleCentre, triangleCount, triangleNormal } from "../../geometry/mesh.ts";

/** A cut end reaches this far along the shaft (a cut may be oblique) and is this flat. */
const REACH_MM = 20,
  TOWARD_END = 0.6,
  FLAT = 0.9;

/**
 * Triangles of the flat face at which a shaft was cut off: no bone surface. `end`: +1 where the shaft leaves at the
 * top (+Z of the bone's frame), −1 at the bottom. None when the end is not flat, as in a whole bone.
 */
export function shaftCap(mesh: Mesh, end: 1 | -1): Uint8Array {
  const cap = new Uint8Array(triangleCount(mesh));
  const { min, max } = meshBounds(mesh);
  const endZ = end === 1 ? max[2] : min[2];
  const facing: number[] = [];
  const direction = [0, 0, 0];
  for (let i = 0; i < cap.length; i++) {
    if (Math.abs(triangleCentre(mesh, i).z - endZ) > REACH_MM) continue;
    const n = triangleNormal(mesh, i);
    if (end * n[2] < TOWARD_END * Math.hypot(...n)) continue;
    facing.push(i);
    for (let axis = 0; axis < 3; axis++) direction[axis]! += n[axis as 0 | 1 | 2];
  }
  const length = Math.hypot(...direction);
  let flat = 0,
    all = 0;
  const [dx, dy, dz] = direction as [number, number, number];
  for (const i of facing) {
    const n = triangleNormal(mesh, i);
    const area = Math.hypot(...n);
    all += area;
    if (n[0] * dx + n[1] * dy + n[2] * dz < FLAT * area * length) continue;
    flat += area;
    cap[i] = 1;
  }
  return flat > 0.6 * all ? cap : new Uint8Array(cap.length);
}
