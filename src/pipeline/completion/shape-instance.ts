import type { ShapeModel } from "../../data/shape-model.ts";
import type { Mesh } from "../../geometry/mesh.ts";

/** The shape with these coefficients, in units of a standard deviation; modes beyond them are at their mean. */
export function shapeInstance({ mean, modes }: ShapeModel, coefficients: ArrayLike<number>): Mesh {
  const positions = Float64Array.from(mean.positions);
  for (let k = 0; k < coefficients.length; k++) {
    const b = coefficients[k]!,
      mode = modes[k]!;
    if (b === 0) continue;
    for (let i = 0; i < positions.length; i++) positions[i]! += b * mode[i]!;
  }
  return { positions: Float32Array.from(positions), triangles: mean.triangles };
}

/** Interleaved xyz of the shape's landmarks. */
export function shapeLandmarks({ mean, landmarks, modes }: ShapeModel, coefficients: ArrayLike<number>): Float64Array {
  const at = Float64Array.from(landmarks.flatMap(({ meanMm }) => meanMm));
  for (let k = 0; k < coefficients.length; k++) {
    for (let i = 0; i < at.length; i++) at[i]! += coefficients[k]! * modes[k]![mean.positions.length + i]!;
  }
  return at;
}

/** Weights of a triangle's corners at a point of it. */
export function barycentric(
  { positions: p, triangles: t }: Mesh,
  triangle: number,
  x: number,
  y: number,
  z: number,
): [number, number, number] {
  const a = 3 * t[3 * triangle]!, b = 3 * t[3 * triangle + 1]!, c = 3 * t[3 * triangle + 2]!; // prettier-ignore
  const ux = p[b]! - p[a]!, uy = p[b + 1]! - p[a + 1]!, uz = p[b + 2]! - p[a + 2]!; // prettier-ignore
  const vx = p[c]! - p[a]!, vy = p[c + 1]! - p[a + 1]!, vz = p[c + 2]! - p[a + 2]!; // prettier-ignore
  const wx = x - p[a]!, wy = y - p[a + 1]!, wz = z - p[a + 2]!; // prettier-ignore
  const uu = ux * ux + uy * uy + uz * uz, uv = ux * vx + uy * vy + uz * vz, vv = vx * vx + vy * vy + vz * vz; // prettier-ignore
  const wu = wx * ux + wy * uy + wz * uz, wv = wx * vx + wy * vy + wz * vz; // prettier-ignore
  const det = uu * vv - uv * uv;
  if (!(det > 0)) return [1, 0, 0];
  const beta = (vv * wu - uv * wv) / det,
    gamma = (uu * wv - uv * wu) / det;
  return [1 - beta - gamma, beta, gamma];
}
