import { triangleCount, type Mesh } from "../../geometry/mesh.ts";
import type { Vector } from "./vector.ts";

/** The triangles of a sheet as places with a direction. Parallel arrays; vectors interleaved xyz. */
export interface Facets {
  readonly count: number;
  readonly centre: Float64Array;
  /** Unit, outward; zero for a triangle without area. */
  readonly normal: Float64Array;
  readonly areaMm2: Float64Array;
}

export function facetsOf(mesh: Mesh): Facets {
  const count = triangleCount(mesh);
  const centre = new Float64Array(3 * count), normal = new Float64Array(3 * count), areaMm2 = new Float64Array(count); // prettier-ignore
  const { positions: p, triangles: t } = mesh;
  for (let i = 0; i < count; i++) {
    const a = 3 * t[3 * i]!, b = 3 * t[3 * i + 1]!, c = 3 * t[3 * i + 2]!; // prettier-ignore
    for (let axis = 0; axis < 3; axis++) centre[3 * i + axis] = (p[a + axis]! + p[b + axis]! + p[c + axis]!) / 3;
    const ux = p[b]! - p[a]!, uy = p[b + 1]! - p[a + 1]!, uz = p[b + 2]! - p[a + 2]!; // prettier-ignore
    const vx = p[c]! - p[a]!, vy = p[c + 1]! - p[a + 1]!, vz = p[c + 2]! - p[a + 2]!; // prettier-ignore
    const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx; // prettier-ignore
    const twice = Math.hypot(nx, ny, nz), scale = twice > 0 ? 1 / twice : 0; // prettier-ignore
    normal[3 * i] = nx * scale;
    normal[3 * i + 1] = ny * scale;
    normal[3 * i + 2] = nz * scale;
    areaMm2[i] = twice / 2;
  }
  return { count, centre, normal, areaMm2 };
}

export const centreOf = ({ centre }: Facets, i: number): Vector => [
  centre[3 * i]!,
  centre[3 * i + 1]!,
  centre[3 * i + 2]!,
];
export const normalOf = ({ normal }: Facets, i: number): Vector => [
  normal[3 * i]!,
  normal[3 * i + 1]!,
  normal[3 * i + 2]!,
];
