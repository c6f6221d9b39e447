import { triangleNormal, type Mesh } from "../../geometry/mesh.ts";
import { sampleSurface } from "../../geometry/sample-surface.ts";

/** Points spread evenly over what was seen, with the sheet's normals. Interleaved xyz, mm. */
export interface SheetSamples {
  readonly count: number;
  readonly position: Float64Array;
  readonly normal: Float64Array;
  /** Area that one point stands for, mm². */
  readonly areaMm2: number;
}

export function sheetSamples(mesh: Mesh, perCm2: number): SheetSamples {
  const { count, positions, triangle, areaMm2 } = sampleSurface(mesh, { perCm2, minimum: 50 });
  const normal = new Float64Array(3 * count);
  triangle.forEach((t, i) => {
    const n = triangleNormal(mesh, t);
    const length = Math.hypot(...n) || 1;
    normal.set([n[0] / length, n[1] / length, n[2] / length], 3 * i);
  });
  return { count, position: positions, normal, areaMm2 };
}

/** `m`: rigid, row-major 3×4. */
export function moveSamples(
  { count, position, normal, areaMm2 }: SheetSamples,
  m: Readonly<Float64Array>,
): SheetSamples {
  const movedAt = new Float64Array(3 * count),
    turned = new Float64Array(3 * count);
  for (let i = 0; i < 3 * count; i += 3) {
    for (let r = 0; r < 3; r++) {
      const a = m[4 * r]!, b = m[4 * r + 1]!, c = m[4 * r + 2]!; // prettier-ignore
      movedAt[i + r] = a * position[i]! + b * position[i + 1]! + c * position[i + 2]! + m[4 * r + 3]!;
      turned[i + r] = a * normal[i]! + b * normal[i + 1]! + c * normal[i + 2]!;
    }
  }
  return { count, position: movedAt, normal: turned, areaMm2 };
}
