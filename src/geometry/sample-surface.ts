import { surfaceArea, triangleArea, triangleCount, type Mesh } from "./mesh.ts";

/** Points spread evenly over a surface; every one stands for the same area. */
export interface SurfaceSamples {
  readonly count: number;
  /** Interleaved xyz, mm. */
  readonly positions: Float64Array;
  /** The triangle that holds each point. */
  readonly triangle: Uint32Array;
  /** Area that one point stands for, mm². */
  readonly areaMm2: number;
}

export interface SamplingOptions {
  readonly perCm2: number;
  /** Small surfaces get at least so many points. */
  readonly minimum: number;
}

/** One over the plastic number and its square: the steps of the R2 sequence (Roberts 2018). */
const R2_U = 0.7548776662466927;
const R2_V = 0.5698402909980532;

/**
 * Systematic sampling along the triangles' summed area, so a triangle of area A gets A / `areaMm2` points rounded up
 * or down; inside a triangle the points follow the R2 low-discrepancy sequence. No random numbers: the same mesh gives
 * the same points. A mesh without area gives none.
 */
export function sampleSurface(mesh: Mesh, { perCm2, minimum }: SamplingOptions): SurfaceSamples {
  const total = surfaceArea(mesh);
  const count = total > 0 ? Math.max(minimum, Math.ceil((total / 100) * perCm2)) : 0;
  const positions = new Float64Array(3 * count),
    triangle = new Uint32Array(count),
    { positions: p, triangles } = mesh;
  const step = count > 0 ? total / count : 0;
  let at = 0,
    below = 0;
  for (let t = 0; t < triangleCount(mesh) && at < count; t++) {
    below += triangleArea(mesh, t);
    const last = t === triangleCount(mesh) - 1;
    while (at < count && ((at + 0.5) * step < below || last)) {
      let u = ((at + 1) * R2_U) % 1,
        v = ((at + 1) * R2_V) % 1;
      if (u + v > 1) {
        u = 1 - u;
        v = 1 - v;
      }
      for (let axis = 0; axis < 3; axis++) {
        const a = p[3 * triangles[3 * t]! + axis]!,
          b = p[3 * triangles[3 * t + 1]! + axis]!,
          c = p[3 * triangles[3 * t + 2]! + axis]!;
        positions[3 * at + axis] = a + u * (b - a) + v * (c - a);
      }
      triangle[at++] = t;
    }
  }
  return { count, positions, triangle, areaMm2: step };
}
