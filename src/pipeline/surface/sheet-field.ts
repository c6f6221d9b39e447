import type { Grid } from "../../geometry/grid.ts";
import { indexPoints } from "./point-index.ts";
import type { RidgePoints } from "./ridge-points.ts";

/** Signed distance to the sheet through the points, where there is one. */
export interface SheetField {
  readonly grid: Grid;
  /** mm, positive on the probe's side; meaningless where `mask` is 0. */
  readonly values: Float32Array;
  /** 1 where points lie close enough and all around. */
  readonly mask: Uint8Array;
}

export interface SheetFieldOptions {
  readonly spacingMm: number;
  /** Standard deviation of the weight that a point has on its surroundings. */
  readonly sigmaMm: number;
  /** Farther than this from every point, along the sheet, there is no surface. */
  readonly fillMm: number;
}

/** Voxels are computed this many spacings farther from the points than the widest gap needs: a cell's diagonal. */
const BAND_SPACINGS = 2;

/**
 * At the straight rim of an evenly covered half plane the weighted mean of the points lies √(2/π) = 0.8 sigma inside.
 * Where it lies farther off, the place is beyond the rim (Adamson and Alexa 2004).
 */
const RIM_SIGMAS = 0.8;

/** Weight of a neighbour by the cosine between its normal and the nearest point's: none at 90°, full from 60°. */
const agreement = (cosine: number): number => (cosine <= 0 ? 0 : cosine >= 0.5 ? 1 : 2 * cosine);

/** Voxels on either side of the points' bounds. */
export function sheetGrid(points: RidgePoints, spacingMm: number, fillMm: number): Grid {
  const min = [Infinity, Infinity, Infinity], max = [-Infinity, -Infinity, -Infinity]; // prettier-ignore
  for (let i = 0; i < points.position.length; i++) {
    min[i % 3] = Math.min(min[i % 3]!, points.position[i]!);
    max[i % 3] = Math.max(max[i % 3]!, points.position[i]!);
  }
  const margin = Math.ceil(fillMm / spacingMm) + BAND_SPACINGS + 1;
  const first = min.map((x) => Math.floor(x / spacingMm) - margin),
    last = max.map((x) => Math.ceil(x / spacingMm) + margin);
  const size = (axis: number): number => last[axis]! - first[axis]! + 1;
  return {
    shape: [size(0), size(1), size(2)],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [first[0]! * spacingMm, first[1]! * spacingMm, first[2]! * spacingMm],
  };
}

/** Voxels within the band around the points: 1. */
function bandOf({ position, count }: RidgePoints, { shape, originMm, spacingMm }: Grid, fillMm: number): Uint8Array {
  const reach = fillMm / spacingMm[0] + BAND_SPACINGS;
  const [nx, ny, nz] = shape, s = spacingMm[0]; // prettier-ignore
  const band = new Uint8Array(nx * ny * nz);
  for (let p = 0; p < count; p++) {
    const x = (position[3 * p]! - originMm[0]) / s, y = (position[3 * p + 1]! - originMm[1]) / s, z = (position[3 * p + 2]! - originMm[2]) / s; // prettier-ignore
    for (let k = Math.ceil(z - reach); k <= z + reach; k++) {
      for (let j = Math.ceil(y - reach); j <= y + reach; j++) {
        const left = reach * reach - (z - k) ** 2 - (y - j) ** 2;
        if (left < 0) continue;
        const half = Math.sqrt(left);
        band.fill(1, (k * ny + j) * nx + Math.ceil(x - half), (k * ny + j) * nx + Math.floor(x + half) + 1);
      }
    }
  }
  return band;
}

/**
 * Weighted mean of the signed distances to the points' tangent planes, with the normal midway between the point's and
 * the mean one: for points on a sphere that mean is zero exactly on the sphere, so curvature leaves no bias (the
 * symmetric distance of Rusinkiewicz 2019). Points whose normals turn away from the nearest one's, as on a second bone
 * that faces the first, have no say.
 */
export function sheetField(
  points: RidgePoints,
  grid: Grid,
  { sigmaMm, fillMm }: Omit<SheetFieldOptions, "spacingMm">,
): SheetField {
  const { position, normal, weight } = points;
  const reach = 2.5 * sigmaMm, reach2 = reach * reach, narrow = -0.5 / (sigmaMm * sigmaMm); // prettier-ignore
  const index = indexPoints(position, reach);
  const mask = bandOf(points, grid, fillMm);
  const values = new Float32Array(mask.length);
  const near: number[] = [], nearSquared: number[] = []; // prettier-ignore
  const [nx, ny, nz] = grid.shape;
  const rim2 = (RIM_SIGMAS * sigmaMm) ** 2;
  for (let k = 0, at = 0; k < nz; k++) {
    const z = grid.originMm[2] + k * grid.spacingMm[2];
    for (let j = 0; j < ny; j++) {
      const y = grid.originMm[1] + j * grid.spacingMm[1];
      for (let i = 0; i < nx; i++, at++) {
        if (mask[at] === 0) continue;
        const x = grid.originMm[0] + i * grid.spacingMm[0];
        let nearest = -1, nearest2 = Infinity, found = 0; // prettier-ignore
        index.around(x, y, z, (p) => {
          const dx = x - position[3 * p]!, dy = y - position[3 * p + 1]!, dz = z - position[3 * p + 2]!; // prettier-ignore
          const r2 = dx * dx + dy * dy + dz * dz;
          if (r2 > reach2) return;
          near[found] = p;
          nearSquared[found++] = r2;
          if (r2 < nearest2) {
            nearest = p;
            nearest2 = r2;
          }
        });
        mask[at] = 0;
        if (nearest < 0) continue;
        const ax = normal[3 * nearest]!, ay = normal[3 * nearest + 1]!, az = normal[3 * nearest + 2]!; // prettier-ignore
        let s = 0, sd = 0, ox = 0, oy = 0, oz = 0, mx = 0, my = 0, mz = 0; // prettier-ignore
        for (let q = 0; q < found; q++) {
          const p = near[q]!;
          const px = normal[3 * p]!, py = normal[3 * p + 1]!, pz = normal[3 * p + 2]!; // prettier-ignore
          const w = weight[p]! * agreement(px * ax + py * ay + pz * az) * Math.exp(narrow * nearSquared[q]!);
          const dx = x - position[3 * p]!, dy = y - position[3 * p + 1]!, dz = z - position[3 * p + 2]!; // prettier-ignore
          s += w;
          sd += w * (px * dx + py * dy + pz * dz);
          ox += w * dx;
          oy += w * dy;
          oz += w * dz;
          mx += w * px;
          my += w * py;
          mz += w * pz;
        }
        const length = Math.hypot(mx, my, mz);
        if (!(s > 0 && length > 0)) continue;
        mx /= length;
        my /= length;
        mz /= length;
        const height = (mx * ox + my * oy + mz * oz) / s;
        values[at] = 0.5 * (sd / s + height);
        const offset2 = (ox * ox + oy * oy + oz * oz) / (s * s) - height * height;
        const up = mx * (x - position[3 * nearest]!) + my * (y - position[3 * nearest + 1]!) + mz * (z - position[3 * nearest + 2]!); // prettier-ignore
        if (offset2 <= rim2 && nearest2 - up * up <= fillMm * fillMm) mask[at] = 1;
      }
    }
  }
  return { grid, values, mask };
}
