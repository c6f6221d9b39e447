import { firstHit } from "./field-sampler.ts";

/** Elevations at which bone is looked for beside the image plane, mm. */
export const SIDE_MM = 1.2;
export const ELEVATIONS: readonly number[] = [-SIDE_MM, 0, SIDE_MM];

/** Half of the distance over which the surface's normal is taken, mm. */
const NORMAL_REACH_MM = 0.5;

/**
 * First bone straight below each line, in the image plane and beside it. Writes at index e · lines + line the depth
 * (NaN for none) and the outward normal there in the image frame, xyz.
 */
export function findBone(
  boneAt: (x: number, y: number, z: number) => number,
  m: Readonly<Float64Array>,
  lineX: (line: number) => number,
  lines: number,
  reachMm: number,
  depthMm: Float32Array,
  normal: Float32Array,
): void {
  const h = NORMAL_REACH_MM;
  for (let e = 0; e < ELEVATIONS.length; e++) {
    const side = ELEVATIONS[e]!;
    for (let line = 0; line < lines; line++) {
      const along = lineX(line);
      const ox = m[0]! * along + m[2]! * side + m[3]!, oy = m[4]! * along + m[6]! * side + m[7]!; // prettier-ignore
      const oz = m[8]! * along + m[10]! * side + m[11]!;
      const depth = firstHit(boneAt, ox, oy, oz, m[1]!, m[5]!, m[9]!, reachMm);
      const at = e * lines + line;
      depthMm[at] = depth;
      if (Number.isNaN(depth)) continue;
      const x = ox + depth * m[1]!, y = oy + depth * m[5]!, z = oz + depth * m[9]!; // prettier-ignore
      const gx = boneAt(x + h, y, z) - boneAt(x - h, y, z),
        gy = boneAt(x, y + h, z) - boneAt(x, y - h, z),
        gz = boneAt(x, y, z + h) - boneAt(x, y, z - h);
      const scale = 1 / (Math.hypot(gx, gy, gz) || 1);
      for (let axis = 0; axis < 3; axis++) {
        normal[3 * at + axis] = (m[axis]! * gx + m[4 + axis]! * gy + m[8 + axis]! * gz) * scale;
      }
    }
  }
}
