/** Finds the points near a place. */
export interface PointIndex {
  /** Calls `visit` for every point in the 27 buckets around (x, y, z): at least for all within the bucket size. */
  around(x: number, y: number, z: number, visit: (point: number) => void): void;
}

/** Buckets of `cellMm` over the bounds of the points (`position`: interleaved xyz), in the order of the points. */
export function indexPoints(position: Readonly<Float64Array>, cellMm: number): PointIndex {
  const count = position.length / 3;
  const min = [Infinity, Infinity, Infinity], max = [-Infinity, -Infinity, -Infinity]; // prettier-ignore
  for (let i = 0; i < position.length; i++) {
    min[i % 3] = Math.min(min[i % 3]!, position[i]!);
    max[i % 3] = Math.max(max[i % 3]!, position[i]!);
  }
  const [x0, y0, z0] = min as [number, number, number];
  // One empty bucket all around, so that a place just outside needs no special case.
  const size = [0, 1, 2].map((a) => (count > 0 ? Math.floor((max[a]! - min[a]!) / cellMm) + 3 : 3));
  const [nx, ny, nz] = size as [number, number, number];
  const bucketOf = (p: number): number => {
    const i = Math.floor((position[3 * p]! - x0) / cellMm) + 1;
    const j = Math.floor((position[3 * p + 1]! - y0) / cellMm) + 1;
    const k = Math.floor((position[3 * p + 2]! - z0) / cellMm) + 1;
    return (k * ny + j) * nx + i;
  };
  const start = new Uint32Array(nx * ny * nz + 1),
    members = new Uint32Array(count);
  for (let p = 0; p < count; p++) start[bucketOf(p) + 1]!++;
  for (let b = 1; b < start.length; b++) start[b]! += start[b - 1]!;
  const fill = start.slice();
  for (let p = 0; p < count; p++) members[fill[bucketOf(p)]!++] = p;
  return {
    around(x, y, z, visit) {
      const i = Math.floor((x - x0) / cellMm) + 1, j = Math.floor((y - y0) / cellMm) + 1, k = Math.floor((z - z0) / cellMm) + 1; // prettier-ignore
      const first = Math.max(0, i - 1), last = Math.min(nx - 1, i + 1); // prettier-ignore
      if (first > last) return;
      for (let c = Math.max(0, k - 1); c <= Math.min(nz - 1, k + 1); c++) {
        for (let b = Math.max(0, j - 1); b <= Math.min(ny - 1, j + 1); b++) {
          const row = (c * ny + b) * nx;
          const end = start[row + last + 1]!;
          for (let m = start[row + first]!; m < end; m++) visit(members[m]!);
        }
      }
    },
  };
}
