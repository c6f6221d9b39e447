import { type Grid, voxelCount } from "./grid.ts";
import type { Mesh } from "./mesh.ts";

/** Rows run this share of a voxel beside the voxel centres, so that they do not run along edges of round numbers. */
const ASIDE_Y = 1.37e-5,
  ASIDE_Z = 2.11e-5;

/**
 * 1 at voxel centres inside a closed mesh (winding number above zero, so that bodies that overlap count once), else 0.
 * Each row of voxels is one ray along x through all triangles that it meets.
 */
export function voxelise({ positions: p, triangles: t }: Mesh, grid: Grid): Uint8Array {
  const [nx, ny, nz] = grid.shape,
    [sx, sy, sz] = grid.spacingMm,
    [ox, oy, oz] = grid.originMm;
  const crossings = new Map<number, number[]>();
  for (let i = 0; i < t.length; i += 3) {
    const a = 3 * t[i]!, b = 3 * t[i + 1]!, c = 3 * t[i + 2]!; // prettier-ignore
    const ay = p[a + 1]!, az = p[a + 2]!, by = p[b + 1]!, bz = p[b + 2]!, cy = p[c + 1]!, cz = p[c + 2]!; // prettier-ignore
    const area = (by - ay) * (cz - az) - (cy - ay) * (bz - az);
    if (area === 0) continue;
    const j0 = Math.max(0, Math.ceil((Math.min(ay, by, cy) - oy) / sy - ASIDE_Y)),
      j1 = Math.min(ny - 1, Math.floor((Math.max(ay, by, cy) - oy) / sy));
    const k0 = Math.max(0, Math.ceil((Math.min(az, bz, cz) - oz) / sz - ASIDE_Z)),
      k1 = Math.min(nz - 1, Math.floor((Math.max(az, bz, cz) - oz) / sz));
    for (let k = k0; k <= k1; k++) {
      const z = oz + (k + ASIDE_Z) * sz;
      for (let j = j0; j <= j1; j++) {
        const y = oy + (j + ASIDE_Y) * sy;
        const v = ((y - ay) * (cz - az) - (cy - ay) * (z - az)) / area,
          w = ((by - ay) * (z - az) - (y - ay) * (bz - az)) / area;
        if (v < 0 || w < 0 || v + w > 1) continue;
        const x = p[a]! + v * (p[b]! - p[a]!) + w * (p[c]! - p[a]!);
        const row = k * ny + j;
        const list = crossings.get(row);
        // A triangle whose normal has +x is left by the ray, one with −x is entered.
        if (list) list.push(x, area > 0 ? -1 : 1);
        else crossings.set(row, [x, area > 0 ? -1 : 1]);
      }
    }
  }
  const inside = new Uint8Array(voxelCount(grid));
  for (const [row, list] of crossings) {
    const order = Array.from({ length: list.length / 2 }, (_, i) => i).sort((m, n) => list[2 * m]! - list[2 * n]!);
    let winding = 0;
    for (let m = 0; m + 1 < order.length; m++) {
      winding += list[2 * order[m]! + 1]!;
      if (winding <= 0) continue;
      const from = Math.max(0, Math.ceil((list[2 * order[m]!]! - ox) / sx)),
        to = Math.min(nx - 1, Math.floor((list[2 * order[m + 1]!]! - ox) / sx));
      if (from <= to) inside.fill(1, row * nx + from, row * nx + to + 1);
    }
  }
  return inside;
}
