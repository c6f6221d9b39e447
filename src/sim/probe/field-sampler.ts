import type { Grid } from "../../geometry/grid.ts";

/**
 * Trilinear lookup of one field of the scene with the grid's numbers at hand: `sampleTrilinear` of geometry/grid.ts
 * gives the same values, this one is for the millions of lookups of a frame. `outside` beyond the outermost centres.
 */
export function fieldSampler(
  { shape, spacingMm, originMm }: Grid,
  values: Readonly<Float32Array>,
  outside: number,
): (x: number, y: number, z: number) => number {
  const [nx, ny, nz] = shape;
  const ax = 1 / spacingMm[0], ay = 1 / spacingMm[1], az = 1 / spacingMm[2]; // prettier-ignore
  const [ox, oy, oz] = originMm;
  const slab = nx * ny;
  return (xMm, yMm, zMm) => {
    const x = (xMm - ox) * ax, y = (yMm - oy) * ay, z = (zMm - oz) * az; // prettier-ignore
    if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) return outside;
    const i = Math.min(x | 0, nx - 2), j = Math.min(y | 0, ny - 2), k = Math.min(z | 0, nz - 2); // prettier-ignore
    const u = x - i, v = y - j, w = z - k; // prettier-ignore
    const at = k * slab + j * nx + i;
    const p0 = values[at]!, p1 = values[at + 1]!, p2 = values[at + nx]!, p3 = values[at + nx + 1]!; // prettier-ignore
    const q0 = values[at + slab]!, q1 = values[at + slab + 1]!; // prettier-ignore
    const q2 = values[at + slab + nx]!, q3 = values[at + slab + nx + 1]!; // prettier-ignore
    const a = p0 + u * (p1 - p0), b = p2 + u * (p3 - p2); // prettier-ignore
    const c = q0 + u * (q1 - q0), d = q2 + u * (q3 - q2); // prettier-ignore
    const e = a + v * (b - a);
    return e + w * (c + v * (d - c) - e);
  };
}

/**
 * Distance along the ray origin + t·direction (unit) at which the field first becomes negative, by sphere tracing and
 * bisection to `PRECISION_MM`; NaN when it does not within `reachMm` or when the origin is already inside.
 */
export function firstHit(
  distance: (x: number, y: number, z: number) => number,
  ox: number, oy: number, oz: number,
  dx: number, dy: number, dz: number,
  reachMm: number,
): number {
  let near = 0,
    gap = distance(ox, oy, oz);
  if (gap < 0) return NaN;
  while (near < reachMm) {
    const far = near + Math.max(SMALLEST_STEP_MM, 0.9 * gap);
    gap = distance(ox + far * dx, oy + far * dy, oz + far * dz);
    if (gap >= 0) {
      near = far;
      continue;
    }
    let low = near,
      high = far;
    while (high - low > PRECISION_MM) {
      const middle = (low + high) / 2;
      if (distance(ox + middle * dx, oy + middle * dy, oz + middle * dz) < 0) high = middle;
      else low = middle;
    }
    const hit = (low + high) / 2;
    return hit <= reachMm ? hit : NaN;
  }
  return NaN;
} // prettier-ignore

const SMALLEST_STEP_MM = 0.06;
const PRECISION_MM = 0.002;
