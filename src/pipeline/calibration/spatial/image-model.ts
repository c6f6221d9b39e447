import { placeOf, type Vector3 } from "../vector3.ts";
import type { WireFrame } from "./wire-frames.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";

/**
 * Parameters of probeFromPixel: rotation vector (rad), translation (mm), width and height of a pixel (mm). The axes of
 * the image are orthogonal, as a scanner makes them.
 */
export const PARAMETERS = 8;

/** Numeric derivative steps: each moves the image by about a micrometre. */
export const parameterSteps = Float64Array.of(1e-5, 1e-5, 1e-5, 1e-3, 1e-3, 1e-3, 1e-6, 1e-6);

/** Row-major 3×4; the third column is the normal, as long as the mean pixel, as PLUS writes it. */
export function matrixOf(p: Readonly<Float64Array>, start: Readonly<Float64Array>): Float64Array {
  const r = rotate(rotationOf(p[0]!, p[1]!, p[2]!), start);
  const sx = p[6]!, sy = p[7]!, sz = (sx + sy) / 2; // prettier-ignore
  return Float64Array.of(
    r[0]! * sx, r[1]! * sy, r[2]! * sz, p[3]!,
    r[3]! * sx, r[4]! * sy, r[5]! * sz, p[4]!,
    r[6]! * sx, r[7]! * sy, r[8]! * sz, p[5]!,
  ); // prettier-ignore
}

/** Rotation of a rotation vector (Rodrigues), 9 numbers. */
function rotationOf(x: number, y: number, z: number): Float64Array {
  const angle = Math.hypot(x, y, z),
    s = angle < 1e-12 ? 1 : Math.sin(angle) / angle,
    c = angle < 1e-12 ? 0.5 : (1 - Math.cos(angle)) / (angle * angle),
    w = Math.cos(angle);
  return Float64Array.of(
    w + c * x * x, c * x * y - s * z, c * x * z + s * y,
    c * x * y + s * z, w + c * y * y, c * y * z - s * x,
    c * x * z - s * y, c * y * z + s * x, w + c * z * z,
  ); // prettier-ignore
}

function rotate(a: Readonly<Float64Array>, b: Readonly<Float64Array>): Float64Array {
  const out = new Float64Array(9);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) out[3 * i + j]! += a[3 * i + k]! * b[3 * k + j]!;
  return out;
}

/** Pixel at which the image of `probeFromPixel` is cut by the line through two points in probe mm. */
export function cut(probeFromPixel: Readonly<Float64Array>, a: Vector3, b: Vector3): readonly [number, number] {
  const m = probeFromPixel;
  // a + s (b − a) = t + u ex + v ey: Cramer's rule on [ex ey −(b − a)].
  const ex = [m[0]!, m[4]!, m[8]!] as const, ey = [m[1]!, m[5]!, m[9]!] as const; // prettier-ignore
  const d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]] as const,
    q = [a[0] - m[3]!, a[1] - m[7]!, a[2] - m[11]!] as const;
  const det = determinant(ex, ey, d);
  return [determinant(q, ey, d) / det, determinant(ex, q, d) / det];
}

function determinant(a: Vector3, b: Vector3, c: Vector3): number {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
}

/** Ends of each wire of a frame in probe mm: front, back, front, back … */
export function wiresInProbe({ probeFromPhantom }: WireFrame, { wires }: NWirePhantom): Vector3[] {
  return wires.flatMap(({ frontMm, backMm }) => [
    placeOf(probeFromPhantom, 0, frontMm),
    placeOf(probeFromPhantom, 0, backMm),
  ]);
}
