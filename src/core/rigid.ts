/**
 * The named frames. `room` stands still. `femur`, `tibia` and `patella` are fixed to the bone's own marker cluster (or to the bone itself
 * in the simulator); `knee` is the anatomical frame of docs/frames.md; `reference` is whatever body a recording is
 * reconstructed in. All are right-handed, in mm.
 */
export type Frame =
  | "tracker"
  | "probe"
  | "image"
  | "reference"
  | "knee"
  | "femur"
  | "tibia"
  | "patella"
  | "stylus"
  | "phantom"
  | "body"
  | "room"
  | "earth";

declare const frames: unique symbol;

/**
 * Maps coordinates in `From` to coordinates in `To`. `m` is the row-major 3×4 [R | t], t in mm.
 * `in out` makes the frames invariant. Without it `compose` accepts any order: B is inferred as a union.
 */
export interface Rigid<in out To extends Frame, in out From extends Frame> {
  readonly m: Readonly<Float64Array>;
  readonly [frames]?: readonly [To, From]; // never set; for the type checker
}

export function identity<A extends Frame, B extends Frame>(): Rigid<A, B> {
  return { m: Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0) };
}

/** The product of two row-major 3×4 affine matrices (the last row 0 0 0 1 is implied), as a new array. */
export function multiply3x4(p: Readonly<Float64Array>, q: Readonly<Float64Array>): Float64Array {
  const m = new Float64Array(12);
  for (let row = 0; row < 12; row += 4) {
    const x = p[row]!,
      y = p[row + 1]!,
      z = p[row + 2]!,
      t = p[row + 3]!;
    for (let col = 0; col < 4; col++) m[row + col] = x * q[col]! + y * q[col + 4]! + z * q[col + 8]!;
    m[row + 3]! += t;
  }
  return m;
}

export function compose<A extends Frame, B extends Frame, C extends Frame>(
  aFromB: Rigid<A, B>,
  bFromC: Rigid<B, C>,
): Rigid<A, C> {
  return { m: multiply3x4(aFromB.m, bFromC.m) };
}

/** Uses Rᵀ, so it is exact only for a rotation; for a general affine matrix see `invert3x4`. */
export function invert<A extends Frame, B extends Frame>({ m: p }: Rigid<A, B>): Rigid<B, A> {
  const m = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    let t = 0;
    for (let col = 0; col < 3; col++) {
      const r = p[col * 4 + row]!;
      m[row * 4 + col] = r;
      t -= r * p[col * 4 + 3]!;
    }
    m[row * 4 + 3] = t;
  }
  return { m };
}

/** Determinant of the 3×3 part of a row-major 3×4. */
export function determinant3x4(m: Readonly<Float64Array>): number {
  const a = m[0]!, b = m[1]!, c = m[2]!; // prettier-ignore
  const d = m[4]!, e = m[5]!, f = m[6]!; // prettier-ignore
  const g = m[8]!, h = m[9]!, i = m[10]!; // prettier-ignore
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Inverse of a general row-major 3×4 affine. Throws a RangeError when it is singular. */
export function invert3x4(p: Readonly<Float64Array>): Float64Array {
  const a = p[0]!, b = p[1]!, c = p[2]!, x = p[3]!; // prettier-ignore
  const d = p[4]!, e = p[5]!, f = p[6]!, y = p[7]!; // prettier-ignore
  const g = p[8]!, h = p[9]!, i = p[10]!, z = p[11]!; // prettier-ignore
  const det = determinant3x4(p);
  if (!(Math.abs(det) > 1e-300)) throw new RangeError("cannot invert a singular matrix");
  const s = 1 / det;
  const r = [
    (e * i - f * h) * s, (c * h - b * i) * s, (b * f - c * e) * s,
    (f * g - d * i) * s, (a * i - c * g) * s, (c * d - a * f) * s,
    (d * h - e * g) * s, (b * g - a * h) * s, (a * e - b * d) * s,
  ] as const; // prettier-ignore
  return Float64Array.of(
    r[0], r[1], r[2], -(r[0] * x + r[1] * y + r[2] * z),
    r[3], r[4], r[5], -(r[3] * x + r[4] * y + r[5] * z),
    r[6], r[7], r[8], -(r[6] * x + r[7] * y + r[8] * z),
  ); // prettier-ignore
}

/** Image of the point (x, y, z) under a row-major 3×4. Allocates: not for inner loops. */
export function transformPoint(m: Readonly<Float64Array>, x: number, y: number, z: number): [number, number, number] {
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  ];
}

/** Image of the direction (x, y, z): no translation. */
export function rotateVector(m: Readonly<Float64Array>, x: number, y: number, z: number): [number, number, number] {
  return [m[0]! * x + m[1]! * y + m[2]! * z, m[4]! * x + m[5]! * y + m[6]! * z, m[8]! * x + m[9]! * y + m[10]! * z];
}

/** Rotation by `angleRad` about the unit axis (x, y, z) through the origin, then translation by (tx, ty, tz) mm. */
export function fromAxisAngle<A extends Frame, B extends Frame>(
  axis: readonly [number, number, number],
  angleRad: number,
  translationMm: readonly [number, number, number] = [0, 0, 0],
): Rigid<A, B> {
  const norm = Math.hypot(...axis) || 1;
  const x = axis[0] / norm, y = axis[1] / norm, z = axis[2] / norm; // prettier-ignore
  const c = Math.cos(angleRad), s = Math.sin(angleRad), k = 1 - c; // prettier-ignore
  return {
    m: Float64Array.of(
      c + x * x * k, x * y * k - z * s, x * z * k + y * s, translationMm[0],
      y * x * k + z * s, c + y * y * k, y * z * k - x * s, translationMm[1],
      z * x * k - y * s, z * y * k + x * s, c + z * z * k, translationMm[2],
    ),
  }; // prettier-ignore
}

/** From three columns (unit, orthogonal, right-handed: not checked) and an origin in mm. */
export function fromAxes<A extends Frame, B extends Frame>(
  x: readonly [number, number, number],
  y: readonly [number, number, number],
  z: readonly [number, number, number],
  originMm: readonly [number, number, number],
): Rigid<A, B> {
  return {
    m: Float64Array.of(
      x[0], y[0], z[0], originMm[0],
      x[1], y[1], z[1], originMm[1],
      x[2], y[2], z[2], originMm[2],
    ),
  }; // prettier-ignore
}

/** Unit quaternion (x, y, z, w), w ≥ 0, of the rotation part. Shepperd's method: stable for every angle. */
export function toQuaternion(m: Readonly<Float64Array>): [number, number, number, number] {
  const trace = m[0]! + m[5]! + m[10]!;
  const d = [m[0]!, m[5]!, m[10]!] as const;
  let q: [number, number, number, number];
  if (trace >= Math.max(...d)) {
    const w = 1 + trace;
    q = [m[9]! - m[6]!, m[2]! - m[8]!, m[4]! - m[1]!, w];
  } else if (d[0] >= d[1] && d[0] >= d[2]) {
    q = [1 + d[0] - d[1] - d[2], m[1]! + m[4]!, m[2]! + m[8]!, m[9]! - m[6]!];
  } else if (d[1] >= d[2]) {
    q = [m[1]! + m[4]!, 1 - d[0] + d[1] - d[2], m[6]! + m[9]!, m[2]! - m[8]!];
  } else {
    q = [m[2]! + m[8]!, m[6]! + m[9]!, 1 - d[0] - d[1] + d[2], m[4]! - m[1]!];
  }
  const scale = (q[3] < 0 ? -1 : 1) / Math.hypot(...q);
  return [q[0] * scale, q[1] * scale, q[2] * scale, q[3] * scale];
}

/** Rotation matrix (row-major 3×4 with the given translation, mm) of the quaternion (x, y, z, w), normalised first. */
export function fromQuaternion<A extends Frame, B extends Frame>(
  q: readonly [number, number, number, number],
  translationMm: readonly [number, number, number] = [0, 0, 0],
): Rigid<A, B> {
  const n = 1 / Math.hypot(...q);
  const x = q[0] * n, y = q[1] * n, z = q[2] * n, w = q[3] * n; // prettier-ignore
  return {
    m: Float64Array.of(
      1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), translationMm[0],
      2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), translationMm[1],
      2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), translationMm[2],
    ),
  }; // prettier-ignore
}

/** Spherical-linear in rotation, linear in translation; `s` in [0, 1]. */
export function interpolate<A extends Frame, B extends Frame>(a: Rigid<A, B>, b: Rigid<A, B>, s: number): Rigid<A, B> {
  const p = toQuaternion(a.m),
    q = toQuaternion(b.m);
  let dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3];
  const sign = dot < 0 ? -1 : 1;
  dot = Math.min(1, Math.abs(dot));
  const angle = Math.acos(dot);
  const wa = angle < 1e-8 ? 1 - s : Math.sin((1 - s) * angle) / Math.sin(angle);
  const wb = sign * (angle < 1e-8 ? s : Math.sin(s * angle) / Math.sin(angle));
  return fromQuaternion(
    [wa * p[0] + wb * q[0], wa * p[1] + wb * q[1], wa * p[2] + wb * q[2], wa * p[3] + wb * q[3]],
    [(1 - s) * a.m[3]! + s * b.m[3]!, (1 - s) * a.m[7]! + s * b.m[7]!, (1 - s) * a.m[11]! + s * b.m[11]!],
  );
}

/** Angle of the rotation in radians, in [0, π]; by atan2, so small angles keep their digits. */
export function rotationAngle(m: Readonly<Float64Array>): number {
  const [x, y, z, w] = toQuaternion(m);
  return 2 * Math.atan2(Math.hypot(x, y, z), w);
}

/** Largest deviation of RᵀR from the identity: 0 for a rotation or a mirrored one (see `determinant3x4`). */
export function orthonormalityError(m: Readonly<Float64Array>): number {
  let worst = 0;
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const dot = m[i]! * m[j]! + m[4 + i]! * m[4 + j]! + m[8 + i]! * m[8 + j]!;
      worst = Math.max(worst, Math.abs(dot - (i === j ? 1 : 0)));
    }
  }
  return worst;
}
