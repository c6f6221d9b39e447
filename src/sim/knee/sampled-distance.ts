import type { DistanceField } from "../../geometry/distance-field.ts";
import { type Grid, voxelCount } from "../../geometry/grid.ts";
import type { Bounds } from "../../geometry/mesh.ts";
import type { Implicit } from "./implicit.ts";

/** A distance on a lattice. Between lattice points it is tricubic, so its slope is continuous. */
export interface SampledDistance extends DistanceField {
  readonly grid: Grid;
  readonly values: Float32Array;
}

/** Edge of the blocks that are skipped whole when the surface cannot be near, in voxels. */
const BLOCK = 8;

/** Where a solid's function grows fastest, in 1/mm: how far a block's centre value can be trusted. */
const STEEPEST = 1.7;

/** Voxels within this many spacings of the surface get their distance by projection onto it. */
const BAND = 2.8;

/** Farther from the surface than this many spacings trilinear serves: the field is nearly flat there. */
const FAR = 5;

/** Step of the difference quotients, mm: far below the tightest rounding (2 mm), far above the noise of doubles. */
const STEP_MM = 0.01;

/** Change between two steps at which a projection has settled. */
const SETTLED_MM = 2e-3;

/**
 * Distance to the zero set of `solid` on a lattice over `bounds`, which must hold the surface with a margin of three
 * voxels. Near the surface each lattice point is projected onto the zero set, farther out the eikonal equation is
 * solved by sweeping (Zhao 2005), so |gradient| is 1 within a few percent everywhere.
 */
export function sampleDistance(solid: Implicit, bounds: Bounds, spacingMm: number): SampledDistance {
  const shape = [0, 1, 2].map((axis) => {
    const length = bounds.max[axis as 0 | 1 | 2] - bounds.min[axis as 0 | 1 | 2];
    return Math.ceil(length / spacingMm) + 1;
  }) as [number, number, number];
  const grid: Grid = { shape, spacingMm: [spacingMm, spacingMm, spacingMm], originMm: bounds.min };
  const values = new Float32Array(voxelCount(grid));
  const known = new Uint8Array(values.length);
  fillBand(solid, grid, values, known);
  sweep(values, known, shape, spacingMm);
  return { grid, values, distanceMm: (x, y, z) => interpolateDistance(grid, values, x, y, z) };
}

/** Writes `values` everywhere: exact distance where `known` is set, elsewhere a signed number of the right sign. */
function fillBand(
  solid: Implicit,
  { shape, spacingMm, originMm }: Grid,
  values: Float32Array,
  known: Uint8Array,
): void {
  const [nx, ny, nz] = shape,
    h = spacingMm[0];
  const reach = ((BLOCK * Math.sqrt(3)) / 2) * h;
  for (let k0 = 0; k0 < nz; k0 += BLOCK) {
    for (let j0 = 0; j0 < ny; j0 += BLOCK) {
      for (let i0 = 0; i0 < nx; i0 += BLOCK) {
        const half = ((BLOCK - 1) / 2) * h;
        const centre = solid(
          originMm[0] + i0 * h + half, originMm[1] + j0 * h + half, originMm[2] + k0 * h + half,
        ); // prettier-ignore
        const far = Math.abs(centre) > STEEPEST * (reach + BAND * h);
        for (let k = k0; k < Math.min(nz, k0 + BLOCK); k++) {
          for (let j = j0; j < Math.min(ny, j0 + BLOCK); j++) {
            for (let i = i0; i < Math.min(nx, i0 + BLOCK); i++) {
              const at = (k * ny + j) * nx + i;
              if (far) {
                values[at] = centre < 0 ? -1e3 : 1e3;
                continue;
              }
              const x = originMm[0] + i * h, y = originMm[1] + j * h, z = originMm[2] + k * h; // prettier-ignore
              const f = solid(x, y, z);
              if (Math.abs(f) > STEEPEST * BAND * h) {
                values[at] = f < 0 ? -1e3 : 1e3;
                continue;
              }
              const d = projectedDistance(solid, x, y, z, f);
              if (Math.abs(d) <= BAND * h) {
                values[at] = d;
                known[at] = 1;
              } else values[at] = f < 0 ? -1e3 : 1e3;
            }
          }
        }
      }
    }
  }
}

/**
 * Distance from a point to the zero set: Newton steps onto it, corrected so that the step ends along the normal. Where
 * the steps do not settle (in a sharp hollow two feet compete) the function over its slope stands in.
 */
function projectedDistance(solid: Implicit, x: number, y: number, z: number, f0: number): number {
  let qx = x, qy = y, qz = z, f = f0; // prettier-ignore
  let distance = 0,
    firstOrder = f0;
  for (let iteration = 0; iteration < 4; iteration++) {
    const gx = (solid(qx + STEP_MM, qy, qz) - f) / STEP_MM,
      gy = (solid(qx, qy + STEP_MM, qz) - f) / STEP_MM,
      gz = (solid(qx, qy, qz + STEP_MM) - f) / STEP_MM;
    const g2 = gx * gx + gy * gy + gz * gz;
    if (g2 < 1e-6) return firstOrder; // a flat spot deep inside: the caller discards it by its size
    // Foot of the perpendicular from the start to the tangent plane at q.
    const along = (gx * (x - qx) + gy * (y - qy) + gz * (z - qz) + f) / g2;
    qx = x - along * gx;
    qy = y - along * gy;
    qz = z - along * gz;
    const step = along * Math.sqrt(g2);
    if (iteration === 0) firstOrder = step;
    else if (Math.abs(step - distance) < SETTLED_MM) return step * f0 < 0 ? firstOrder : step;
    distance = step;
    f = solid(qx, qy, qz);
  }
  return Math.abs(distance - firstOrder) > 0.5 * Math.abs(firstOrder) ? firstOrder : distance;
}

/** Solves |gradient| = 1 outward from the known voxels, keeping signs. First order, Gauss-Seidel in eight orders. */
function sweep(values: Float32Array, known: Uint8Array, shape: readonly [number, number, number], h: number): void {
  const [nx, ny, nz] = shape;
  const slab = nx * ny;
  for (let round = 0; round < 2; round++) {
    for (let order = 0; order < 8; order++) {
      const di = order & 1 ? -1 : 1, dj = order & 2 ? -1 : 1, dk = order & 4 ? -1 : 1; // prettier-ignore
      for (let c = 0, k = dk > 0 ? 0 : nz - 1; c < nz; c++, k += dk) {
        for (let b = 0, j = dj > 0 ? 0 : ny - 1; b < ny; b++, j += dj) {
          for (let a = 0, i = di > 0 ? 0 : nx - 1; a < nx; a++, i += di) {
            const at = k * slab + j * nx + i;
            if (known[at]) continue;
            const old = values[at]!,
              sign = old < 0 ? -1 : 1;
            const left = i > 0 ? sign * values[at - 1]! : 1e3, right = i < nx - 1 ? sign * values[at + 1]! : 1e3; // prettier-ignore
            const down = j > 0 ? sign * values[at - nx]! : 1e3, up = j < ny - 1 ? sign * values[at + nx]! : 1e3; // prettier-ignore
            const below = k > 0 ? sign * values[at - slab]! : 1e3, over = k < nz - 1 ? sign * values[at + slab]! : 1e3; // prettier-ignore
            const t = eikonal(left < right ? left : right, down < up ? down : up, below < over ? below : over, h);
            if (t < sign * old) values[at] = sign * t;
          }
        }
      }
    }
  }
}

/** The upwind solution of (t−a)² + (t−b)² + (t−c)² = h² over the neighbours that lie below t. */
function eikonal(a: number, b: number, c: number, h: number): number {
  let swap: number;
  if (a > b) { swap = a; a = b; b = swap; } // prettier-ignore
  if (b > c) { swap = b; b = c; c = swap; } // prettier-ignore
  if (a > b) { swap = a; a = b; b = swap; } // prettier-ignore
  let t = a + h;
  if (t <= b) return t;
  t = (a + b + Math.sqrt(Math.max(0, 2 * h * h - (a - b) * (a - b)))) / 2;
  if (t <= c) return t;
  const sum = a + b + c;
  return (sum + Math.sqrt(Math.max(0, sum * sum - 3 * (a * a + b * b + c * c - h * h)))) / 3;
}

/**
 * The distance to the zero set of a function sampled on a lattice whose slope is not 1 everywhere but near enough: the
 * function over its slope near the zero set, swept outward from there. For surfaces that bend over many voxels.
 */
export function redistance({ shape, spacingMm }: Grid, samples: Float32Array): Float32Array {
  const [nx, ny, nz] = shape,
    h = spacingMm[0],
    slab = nx * ny;
  const values = new Float32Array(samples.length),
    known = new Uint8Array(samples.length);
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        const f = samples[at]!;
        values[at] = f < 0 ? -1e3 : 1e3;
        if (Math.abs(f) > 3 * h) continue;
        const il = i > 0 ? 1 : 0, ir = i < nx - 1 ? 1 : 0; // prettier-ignore
        const jl = j > 0 ? nx : 0, jr = j < ny - 1 ? nx : 0; // prettier-ignore
        const kl = k > 0 ? slab : 0, kr = k < nz - 1 ? slab : 0; // prettier-ignore
        const gx = (samples[at + ir]! - samples[at - il]!) / ((il + ir) * h),
          gy = (samples[at + jr]! - samples[at - jl]!) / (((jl + jr) / nx) * h),
          gz = (samples[at + kr]! - samples[at - kl]!) / (((kl + kr) / slab) * h);
        const slope = Math.max(0.3, Math.sqrt(gx * gx + gy * gy + gz * gz));
        if (Math.abs(f / slope) > 2 * h) continue;
        values[at] = f / slope;
        known[at] = 1;
      }
    }
  }
  sweep(values, known, shape, h);
  return values;
}

/** Catmull-Rom interpolation near the surface, trilinear far from it; outside the lattice the value at its border plus the way to it (an upper bound). */
export function interpolateDistance(
  { shape, spacingMm, originMm }: Grid,
  v: Float32Array,
  x: number,
  y: number,
  z: number,
): number {
  const [nx, ny, nz] = shape,
    h = spacingMm[0];
  const gx = (x - originMm[0]) / h, gy = (y - originMm[1]) / h, gz = (z - originMm[2]) / h; // prettier-ignore
  const cx = gx < 0 ? 0 : gx > nx - 1 ? nx - 1 : gx,
    cy = gy < 0 ? 0 : gy > ny - 1 ? ny - 1 : gy,
    cz = gz < 0 ? 0 : gz > nz - 1 ? nz - 1 : gz;
  const ox = gx - cx, oy = gy - cy, oz = gz - cz; // prettier-ignore
  const outside = ox === 0 && oy === 0 && oz === 0 ? 0 : h * Math.sqrt(ox * ox + oy * oy + oz * oz);
  const i = Math.min(cx | 0, nx - 2), j = Math.min(cy | 0, ny - 2), k = Math.min(cz | 0, nz - 2); // prettier-ignore
  const u = cx - i, t = cy - j, w = cz - k; // prettier-ignore
  const slab = nx * ny,
    at = k * slab + j * nx + i;
  if (Math.abs(v[at]!) > FAR * h || i < 1 || j < 1 || k < 1 || i > nx - 3 || j > ny - 3 || k > nz - 3) {
    const a00 = v[at]! + u * (v[at + 1]! - v[at]!),
      a10 = v[at + nx]! + u * (v[at + nx + 1]! - v[at + nx]!),
      a01 = v[at + slab]! + u * (v[at + slab + 1]! - v[at + slab]!),
      a11 = v[at + slab + nx]! + u * (v[at + slab + nx + 1]! - v[at + slab + nx]!);
    const b0 = a00 + t * (a10 - a00);
    return b0 + w * (a01 + t * (a11 - a01) - b0) + outside;
  }
  const u0 = weight0(u), u1 = weight1(u), u2 = weight1(1 - u), u3 = weight0(1 - u); // prettier-ignore
  const t0 = weight0(t), t1 = weight1(t), t2 = weight1(1 - t), t3 = weight0(1 - t); // prettier-ignore
  let sum = 0;
  for (let c = -1; c < 3; c++) {
    const row = at + c * slab;
    const wc = c === -1 ? weight0(w) : c === 0 ? weight1(w) : c === 1 ? weight1(1 - w) : weight0(1 - w);
    const p = row - nx, q = row, r = row + nx, s = row + 2 * nx; // prettier-ignore
    sum +=
      wc *
      (t0 * (u0 * v[p - 1]! + u1 * v[p]! + u2 * v[p + 1]! + u3 * v[p + 2]!) +
        t1 * (u0 * v[q - 1]! + u1 * v[q]! + u2 * v[q + 1]! + u3 * v[q + 2]!) +
        t2 * (u0 * v[r - 1]! + u1 * v[r]! + u2 * v[r + 1]! + u3 * v[r + 2]!) +
        t3 * (u0 * v[s - 1]! + u1 * v[s]! + u2 * v[s + 1]! + u3 * v[s + 2]!));
  }
  return sum + outside;
}

const weight0 = (u: number): number => u * (-0.5 + u * (1 - 0.5 * u));
const weight1 = (u: number): number => 1 + u * u * (-2.5 + 1.5 * u);
