import { firstHit } from "./field-sampler.ts";
import type { ScanLines } from "./scan-lines.ts";

/** Elevations at which bone is looked for beside the image plane, mm. */
export const SIDE_MM = 1.2;
export const ELEVATIONS: readonly number[] = [-SIDE_MM, 0, SIDE_MM];

/** Half of the distance over which the surface's normal is taken, mm. */
const NORMAL_REACH_MM = 0.5;

interface BoneHits {
  /** Depth along the line, mm; NaN for none. */
  readonly boneDepthMm: Float32Array;
  /** Outward normal there, image frame, xyz. */
  readonly boneNormal: Float32Array;
  /** Image x and y of the hit, and the cosine between normal and line. */
  readonly boneFace: Float32Array;
}

/** First bone below the face on each line, in the image plane and beside it. Writes at index e · lines + line. */
export function findBone(
  boneAt: (x: number, y: number, z: number) => number,
  m: Readonly<Float64Array>,
  { count: lines, originX, originY, directionX, directionY, startMm }: ScanLines,
  reachMm: number,
  { boneDepthMm, boneNormal, boneFace }: BoneHits,
): void {
  const h = NORMAL_REACH_MM;
  for (let e = 0; e < ELEVATIONS.length; e++) {
    const side = ELEVATIONS[e]!;
    for (let line = 0; line < lines; line++) {
      const u = directionX[line]!, v = directionY[line]!, start = startMm[line]!; // prettier-ignore
      const ix = originX[line]! + start * u, iy = originY[line]! + start * v; // prettier-ignore
      const ox = m[0]! * ix + m[1]! * iy + m[2]! * side + m[3]!, oy = m[4]! * ix + m[5]! * iy + m[6]! * side + m[7]!; // prettier-ignore
      const oz = m[8]! * ix + m[9]! * iy + m[10]! * side + m[11]!;
      const dx = m[0]! * u + m[1]! * v, dy = m[4]! * u + m[5]! * v, dz = m[8]! * u + m[9]! * v; // prettier-ignore
      const way = firstHit(boneAt, ox, oy, oz, dx, dy, dz, reachMm - start);
      const at = e * lines + line;
      boneDepthMm[at] = start + way;
      if (Number.isNaN(way)) continue;
      const x = ox + way * dx, y = oy + way * dy, z = oz + way * dz; // prettier-ignore
      const gx = boneAt(x + h, y, z) - boneAt(x - h, y, z),
        gy = boneAt(x, y + h, z) - boneAt(x, y - h, z),
        gz = boneAt(x, y, z + h) - boneAt(x, y, z - h);
      const scale = 1 / (Math.hypot(gx, gy, gz) || 1);
      for (let axis = 0; axis < 3; axis++) {
        boneNormal[3 * at + axis] = (m[axis]! * gx + m[4 + axis]! * gy + m[8 + axis]! * gz) * scale;
      }
      boneFace[3 * at] = ix + way * u;
      boneFace[3 * at + 1] = iy + way * v;
      boneFace[3 * at + 2] = boneNormal[3 * at]! * u + boneNormal[3 * at + 1]! * v;
    }
  }
}
