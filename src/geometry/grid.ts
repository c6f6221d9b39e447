/** An axis-aligned lattice of voxel centres in some frame: index (0, 0, 0) sits at `originMm`. x varies fastest. */
export interface Grid {
  readonly shape: readonly [number, number, number];
  readonly spacingMm: readonly [number, number, number];
  readonly originMm: readonly [number, number, number];
}

export function voxelCount({ shape }: Grid): number {
  return shape[0] * shape[1] * shape[2];
}

/** Row-major 3×4 that takes a point in mm to fractional voxel indices. */
export function indexFromMm({ spacingMm: s, originMm: o }: Grid): Float64Array {
  return Float64Array.of(
    1 / s[0], 0, 0, -o[0] / s[0],
    0, 1 / s[1], 0, -o[1] / s[1],
    0, 0, 1 / s[2], -o[2] / s[2],
  ); // prettier-ignore
}

/** Trilinear value at a point in mm; `outside` beyond the outermost voxel centres. */
export function sampleTrilinear(
  { shape, spacingMm, originMm }: Grid,
  values: Readonly<Float32Array>,
  xMm: number,
  yMm: number,
  zMm: number,
  outside: number,
): number {
  const [nx, ny, nz] = shape;
  const x = (xMm - originMm[0]) / spacingMm[0],
    y = (yMm - originMm[1]) / spacingMm[1],
    z = (zMm - originMm[2]) / spacingMm[2];
  if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) return outside;
  // an axis of one voxel has no second neighbour: its step is 0
  const i = Math.max(0, Math.min(Math.floor(x), nx - 2)),
    j = Math.max(0, Math.min(Math.floor(y), ny - 2)),
    k = Math.max(0, Math.min(Math.floor(z), nz - 2));
  const u = x - i,
    v = y - j,
    w = z - k;
  const at = (k * ny + j) * nx + i,
    next = nx > 1 ? 1 : 0,
    row = ny > 1 ? nx : 0,
    slab = nz > 1 ? nx * ny : 0;
  const a00 = values[at]! + u * (values[at + next]! - values[at]!);
  const a10 = values[at + row]! + u * (values[at + row + next]! - values[at + row]!);
  const a01 = values[at + slab]! + u * (values[at + slab + next]! - values[at + slab]!);
  const a11 = values[at + slab + row]! + u * (values[at + slab + row + next]! - values[at + slab + row]!);
  const b0 = a00 + v * (a10 - a00),
    b1 = a01 + v * (a11 - a01);
  return b0 + w * (b1 - b0);
}
