import { createClosestPoint } from "../../geometry/closest-point.ts";
import { type Grid, voxelCount } from "../../geometry/grid.ts";
import { type Mesh, meshBounds } from "../../geometry/mesh.ts";
import { interpolateDistance, redistance, type SampledDistance } from "../knee/sampled-distance.ts";

/** Lattice points this many spacings from the surface or nearer get their exact distance. */
const BAND = 3;

const INSIDE_BAND = 1.5;

/**
 * Signed distance to a closed, outward mesh on a lattice: exact within three spacings of the surface, from the eikonal
 * equation beyond, tricubic between the points. Detail finer than the spacing is rounded off.
 */
export function sampleMeshDistance(mesh: Mesh, spacingMm: number): SampledDistance {
  const { grid, samples, near } = sampleBand(mesh, spacingMm, BAND);
  const values = redistance(grid, samples);
  for (let at = 0; at < values.length; at++) if (near[at]) values[at] = samples[at]!;
  return { grid, values, distanceMm: (x, y, z) => interpolateDistance(grid, values, x, y, z) };
}

/** As above, but beyond 1.5 spacings only the sign is right: for what is asked no more than inside or outside. */
export function sampleMeshInside(mesh: Mesh, spacingMm: number): SampledDistance {
  const { grid, samples } = sampleBand(mesh, spacingMm, INSIDE_BAND);
  return { grid, values: samples, distanceMm: (x, y, z) => interpolateDistance(grid, samples, x, y, z) };
}

interface Band {
  readonly grid: Grid;
  /** The distance, cut off at ± the band's width. */
  readonly samples: Float32Array;
  /** 1 where it is not cut off. */
  readonly near: Uint8Array;
}

function sampleBand(mesh: Mesh, spacingMm: number, band: number): Band {
  const h = spacingMm,
    margin = Math.ceil(band) + 2; // the sweep outward starts inside the lattice
  const { min, max } = meshBounds(mesh);
  const originMm = [min[0] - margin * h, min[1] - margin * h, min[2] - margin * h] as const;
  const shape = [0, 1, 2].map((a) => Math.ceil((max[a as 0]! - originMm[a as 0]!) / h) + margin + 1);
  const grid: Grid = { shape: [shape[0]!, shape[1]!, shape[2]!], spacingMm: [h, h, h], originMm };
  const [nx, ny, nz] = grid.shape;
  const near = markBand(mesh, grid, band);
  const surface = createClosestPoint(mesh);
  const samples = new Float32Array(voxelCount(grid));
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      // Between bands the sign cannot change, and rows start outside.
      let sign = 1;
      for (let i = 0; i < nx; i++, at++) {
        const x = originMm[0] + i * h, y = originMm[1] + j * h, z = originMm[2] + k * h; // prettier-ignore
        const hit = near[at] ? surface.nearest(x, y, z, band * h) : undefined;
        if (!hit) {
          near[at] = 0;
          samples[at] = sign * band * h;
          continue;
        }
        const n = surface.normalAt(hit);
        sign = (x - hit.x) * n[0] + (y - hit.y) * n[1] + (z - hit.z) * n[2] < 0 ? -1 : 1;
        samples[at] = sign * hit.distanceMm;
      }
    }
  }
  return { grid, samples, near };
}

/** 1 for lattice points that may lie within the band: those in the box of a triangle, widened by it. */
function markBand({ positions: p, triangles: t }: Mesh, grid: Grid, band: number): Uint8Array {
  const { shape, spacingMm, originMm } = grid,
    [nx, ny, nz] = shape;
  const near = new Uint8Array(nx * ny * nz);
  const h = spacingMm[0];
  const low = [0, 0, 0],
    high = [0, 0, 0];
  for (let i = 0; i < t.length; i += 3) {
    for (let axis = 0; axis < 3; axis++) {
      const a = p[3 * t[i]! + axis]!,
        b = p[3 * t[i + 1]! + axis]!,
        c = p[3 * t[i + 2]! + axis]!;
      low[axis] = Math.ceil((Math.min(a, b, c) - originMm[axis as 0]) / h - band);
      high[axis] = Math.floor((Math.max(a, b, c) - originMm[axis as 0]) / h + band);
    }
    for (let k = Math.max(0, low[2]!); k <= Math.min(nz - 1, high[2]!); k++) {
      for (let j = Math.max(0, low[1]!); j <= Math.min(ny - 1, high[1]!); j++) {
        const row = (k * ny + j) * nx;
        near.fill(1, row + Math.max(0, low[0]!), row + Math.min(nx - 1, high[0]!) + 1);
      }
    }
  }
  return near;
}
