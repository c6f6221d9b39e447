/** Which part of a triangle holds the closest point: the face, corner a b c, or edge ab bc ca. */
export const FACE = 0;
export const CORNER_A = 1;
export const EDGE_AB = 4;
export type TriangleFeature = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Filled by `closestOnTriangle`; the caller owns it and may use it again. */
export interface TriangleHit {
  x: number;
  y: number;
  z: number;
  squared: number;
  feature: TriangleFeature;
}

/** Height over longest side below which a triangle is taken as the union of its three sides. */
const FLAT_RATIO = 1e-9;

/**
 * Closest point of the triangle with corners at offsets a, b, c of `p` to (x, y, z): the region tests of
 * Ericson, Real-Time Collision Detection (2005), 5.1.5. Triangles without area count as their sides. In doubles.
 */
export function closestOnTriangle(
  p: Readonly<Float32Array>,
  a: number,
  b: number,
  c: number,
  x: number,
  y: number,
  z: number,
  out: TriangleHit,
): void {
  const ax = p[a]!, ay = p[a + 1]!, az = p[a + 2]!; // prettier-ignore
  const ux = p[b]! - ax, uy = p[b + 1]! - ay, uz = p[b + 2]! - az; // prettier-ignore
  const vx = p[c]! - ax, vy = p[c + 1]! - ay, vz = p[c + 2]! - az; // prettier-ignore
  const px = x - ax, py = y - ay, pz = z - az; // prettier-ignore
  const uu = ux * ux + uy * uy + uz * uz,
    vv = vx * vx + vy * vy + vz * vz;
  const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx; // prettier-ignore
  const longest = Math.max(uu, vv);
  if (nx * nx + ny * ny + nz * nz <= FLAT_RATIO * FLAT_RATIO * longest * longest) {
    closestOnSides(p, a, b, c, x, y, z, out);
    return;
  }

  const d1 = ux * px + uy * py + uz * pz,
    d2 = vx * px + vy * py + vz * pz;
  if (d1 <= 0 && d2 <= 0) return store(out, ax, ay, az, x, y, z, 1);

  const uv = ux * vx + uy * vy + uz * vz;
  const d3 = d1 - uu,
    d4 = d2 - uv;
  if (d3 >= 0 && d4 <= d3) return store(out, p[b]!, p[b + 1]!, p[b + 2]!, x, y, z, 2);
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) {
    const s = d1 / (d1 - d3);
    return store(out, ax + s * ux, ay + s * uy, az + s * uz, x, y, z, 4);
  }

  const d5 = d1 - uv,
    d6 = d2 - vv;
  if (d6 >= 0 && d5 <= d6) return store(out, p[c]!, p[c + 1]!, p[c + 2]!, x, y, z, 3);
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) {
    const s = d2 / (d2 - d6);
    return store(out, ax + s * vx, ay + s * vy, az + s * vz, x, y, z, 6);
  }

  const va = d3 * d6 - d5 * d4,
    towardC = d4 - d3,
    towardB = d5 - d6;
  if (va <= 0 && towardC >= 0 && towardB >= 0) {
    const s = towardC / (towardC + towardB);
    const bx = ax + ux, by = ay + uy, bz = az + uz; // prettier-ignore
    return store(out, bx + s * (vx - ux), by + s * (vy - uy), bz + s * (vz - uz), x, y, z, 5);
  }

  const scale = 1 / (va + vb + vc),
    s = vb * scale,
    t = vc * scale;
  store(out, ax + ux * s + vx * t, ay + uy * s + vy * t, az + uz * s + vz * t, x, y, z, 0);
}

function store(
  out: TriangleHit,
  qx: number,
  qy: number,
  qz: number,
  x: number,
  y: number,
  z: number,
  feature: TriangleFeature,
): void {
  const dx = x - qx, dy = y - qy, dz = z - qz; // prettier-ignore
  out.x = qx;
  out.y = qy;
  out.z = qz;
  out.squared = dx * dx + dy * dy + dz * dz;
  out.feature = feature;
}

function closestOnSides(
  p: Readonly<Float32Array>,
  a: number,
  b: number,
  c: number,
  x: number,
  y: number,
  z: number,
  out: TriangleHit,
): void {
  const corners = [a, b, c] as const;
  const side: TriangleHit = { x: 0, y: 0, z: 0, squared: Infinity, feature: 0 };
  out.squared = Infinity;
  for (let i = 0; i < 3; i++) {
    const from = corners[i]!,
      next = (i + 1) % 3,
      to = corners[next]!;
    const fx = p[from]!, fy = p[from + 1]!, fz = p[from + 2]!; // prettier-ignore
    const ex = p[to]! - fx, ey = p[to + 1]! - fy, ez = p[to + 2]! - fz; // prettier-ignore
    const length2 = ex * ex + ey * ey + ez * ez;
    const s = length2 > 0 ? ((x - fx) * ex + (y - fy) * ey + (z - fz) * ez) / length2 : 0;
    if (s <= 0) store(side, fx, fy, fz, x, y, z, (CORNER_A + i) as TriangleFeature);
    else if (s >= 1) store(side, p[to]!, p[to + 1]!, p[to + 2]!, x, y, z, (CORNER_A + next) as TriangleFeature);
    else store(side, fx + s * ex, fy + s * ey, fz + s * ez, x, y, z, (EDGE_AB + i) as TriangleFeature);
    if (side.squared < out.squared) Object.assign(out, side);
  }
}
