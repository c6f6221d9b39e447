/**
 * Inner loops of exact insertion. Each adds the pixels `begin` … `end − 1` of one image row to a slab.
 * `line` is [ax, bx, ay, by, az, bz]: a + b·u, cut to an integer, is the voxel (nearest) or the position in sixteenths
 * of a voxel (linear) of column u; the caller has made sure that it lies inside. `row` is the index of the row's first
 * pixel, `nx` and `nxy` are strides and `base` is the voxel that the slab's arrays start with. All sums are of
 * integers, so they do not depend on the order in which pixels come.
 */

/** Sixteenths: a position is off by at most 1/32 voxel, and eight products of three 4-bit weights add to 4096 exactly. */
export const LINEAR_STEPS = 16;
export const LINEAR_FULL_WEIGHT = LINEAR_STEPS ** 3;
/** The linear accumulator holds Σ weight · value below this bit and Σ weight above it: 30 + 22 of a double's 53 bits. */
export const LINEAR_PACK = 2 ** 30;
/** Latest and maximum touch a voxel when its trilinear weight is at least 1/8 (as PLUS). */
const TOUCH = LINEAR_FULL_WEIGHT / 8;

/** `packed`: count in the upper 12 bits, sum of the values in the lower 20. */
export function meanNearest(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, packed: Int32Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  for (let u = begin; u < end; u++) {
    const voxel = ((az + bz * u) | 0) * nxy + ((ay + by * u) | 0) * nx + ((ax + bx * u) | 0) - base;
    packed[voxel] = (packed[voxel]! + pixels[row + u]! + 0x100000) | 0;
  }
} // prettier-ignore

/** `packed`: Σ weight · (value + LINEAR_PACK), weights in 4096ths of a pixel. */
export function meanLinear(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, packed: Float64Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  for (let u = begin; u < end; u++) {
    const x = (ax + bx * u) | 0, y = (ay + by * u) | 0, z = (az + bz * u) | 0;
    const fx = x & 15, fy = y & 15, fz = z & 15, ex = 16 - fx, ey = 16 - fy, ez = 16 - fz;
    const value = pixels[row + u]! + LINEAR_PACK, low = ex * value, high = fx * value;
    const i = (z >> 4) * nxy + (y >> 4) * nx + (x >> 4) - base, j = i + nxy;
    const p = ey * ez, q = fy * ez, r = ey * fz, s = fy * fz;
    packed[i] = packed[i]! + low * p;
    packed[i + 1] = packed[i + 1]! + high * p;
    packed[i + nx] = packed[i + nx]! + low * q;
    packed[i + nx + 1] = packed[i + nx + 1]! + high * q;
    packed[j] = packed[j]! + low * r;
    packed[j + 1] = packed[j + 1]! + high * r;
    packed[j + nx] = packed[j + nx]! + low * s;
    packed[j + nx + 1] = packed[j + nx + 1]! + high * s;
  }
} // prettier-ignore

/** `sums`: pairs (Σ weight · value, Σ weight), weights 0 … 255. */
export function weightedNearest(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, sums: Float64Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  for (let u = begin; u < end; u++) {
    const weight = weights[row + u]!;
    if (weight === 0) continue;
    const at = 2 * (((az + bz * u) | 0) * nxy + ((ay + by * u) | 0) * nx + ((ax + bx * u) | 0) - base);
    sums[at] = sums[at]! + weight * pixels[row + u]!;
    sums[at + 1] = sums[at + 1]! + weight;
  }
} // prettier-ignore

/** `sums`: pairs (Σ weight · value, Σ weight), weights up to 255 · 4096. */
export function weightedLinear(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, sums: Float64Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  for (let u = begin; u < end; u++) {
    const weight = weights[row + u]!;
    if (weight === 0) continue;
    const value = pixels[row + u]!;
    const x = (ax + bx * u) | 0, y = (ay + by * u) | 0, z = (az + bz * u) | 0;
    const fx = x & 15, fy = y & 15, fz = z & 15;
    const cell = (z >> 4) * nxy + (y >> 4) * nx + (x >> 4) - base;
    for (let corner = 0; corner < 8; corner++) {
      const cx = corner & 1, cy = (corner >> 1) & 1, cz = corner >> 2;
      const w = weight * (cx ? fx : 16 - fx) * (cy ? fy : 16 - fy) * (cz ? fz : 16 - fz);
      if (w === 0) continue;
      const at = 2 * (cell + cx + cy * nx + cz * nxy);
      sums[at] = sums[at]! + w * value;
      sums[at + 1] = sums[at + 1]! + w;
    }
  }
} // prettier-ignore

/** `weight` counts pixels; `weights` may be empty. */
export function chosenNearest(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, latest: boolean, value: Uint8Array, weight: Float64Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0;
  for (let u = begin; u < end; u++) {
    if (masked && weights[row + u]! === 0) continue;
    const voxel = ((az + bz * u) | 0) * nxy + ((ay + by * u) | 0) * nx + ((ax + bx * u) | 0) - base;
    const pixel = pixels[row + u]!;
    if (latest || pixel > value[voxel]!) value[voxel] = pixel;
    weight[voxel] = weight[voxel]! + 1;
  }
} // prettier-ignore

/** `weight` sums the trilinear weights of the voxels touched, in 4096ths; `weights` may be empty. */
export function chosenLinear(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, latest: boolean, value: Uint8Array, weight: Float64Array,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0;
  for (let u = begin; u < end; u++) {
    if (masked && weights[row + u]! === 0) continue;
    const pixel = pixels[row + u]!;
    const x = (ax + bx * u) | 0, y = (ay + by * u) | 0, z = (az + bz * u) | 0;
    const fx = x & 15, fy = y & 15, fz = z & 15;
    const cell = (z >> 4) * nxy + (y >> 4) * nx + (x >> 4) - base;
    for (let corner = 0; corner < 8; corner++) {
      const cx = corner & 1, cy = (corner >> 1) & 1, cz = corner >> 2;
      const w = (cx ? fx : 16 - fx) * (cy ? fy : 16 - fy) * (cz ? fz : 16 - fz);
      if (w < TOUCH) continue;
      const at = cell + cx + cy * nx + cz * nxy;
      if (latest || pixel > value[at]!) value[at] = pixel;
      weight[at] = weight[at]! + w;
    }
  }
} // prettier-ignore

/** Empties `packed` into `sum` and `count`. */
export function foldNearest(packed: Int32Array, sum: Uint32Array, count: Uint32Array): void {
  for (let i = 0; i < packed.length; i++) {
    const both = packed[i]!;
    if (both === 0) continue;
    sum[i] = sum[i]! + (both & 0xfffff);
    count[i] = count[i]! + (both >>> 20);
    packed[i] = 0;
  }
}

/** Empties `packed` into `sum` and `weight`. */
export function foldLinear(packed: Float64Array, sum: Float64Array, weight: Float64Array): void {
  for (let i = 0; i < packed.length; i++) {
    const both = packed[i]!;
    if (both === 0) continue;
    const w = Math.floor(both / LINEAR_PACK);
    weight[i] = weight[i]! + w;
    sum[i] = sum[i]! + (both - w * LINEAR_PACK);
    packed[i] = 0;
  }
}
