/**
 * The median of what falls into a voxel, exactly and in bounded memory: all frames are walked twice. The first walk
 * counts by the upper four bits of the gray value, which tells in which sixteenth the median lies; the second counts the
 * lower four bits of that sixteenth only. Counts are integers (pixels, or 4096ths of one when linear), so that the order
 * does not matter. `line`, `row`, `nx`, `nxy` and `base` are as in insert-exact.kernel.ts.
 */

/** Sixteen counts a voxel. */
export const MEDIAN_BINS = 16;

/** Counts, and after the first walk the sixteenth that holds the median and what lies below it. */
export interface MedianCounts {
  readonly bins: Uint32Array;
  /** 255 before the first walk has been closed, and where nothing was seen. */
  readonly upper: Uint8Array;
  readonly below: Uint32Array;
  readonly total: Uint32Array;
}

const OPEN = 255;

export function medianNearest(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, { bins, upper }: MedianCounts, second: boolean,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0;
  for (let u = begin; u < end; u++) {
    if (masked && weights[row + u]! === 0) continue;
    const voxel = ((az + bz * u) | 0) * nxy + ((ay + by * u) | 0) * nx + ((ax + bx * u) | 0) - base;
    const pixel = pixels[row + u]!, high = pixel >> 4;
    if (second && upper[voxel] !== high) continue;
    bins[MEDIAN_BINS * voxel + (second ? pixel & 15 : high)]! += 1;
  }
} // prettier-ignore

export function medianLinear(
  line: Float64Array, begin: number, end: number, row: number, nx: number, nxy: number, base: number,
  pixels: Uint8Array, weights: Uint8Array, { bins, upper }: MedianCounts, second: boolean,
): void {
  const ax = line[0]!, bx = line[1]!, ay = line[2]!, by = line[3]!, az = line[4]!, bz = line[5]!;
  const masked = weights.length > 0;
  for (let u = begin; u < end; u++) {
    if (masked && weights[row + u]! === 0) continue;
    const pixel = pixels[row + u]!, high = pixel >> 4, bin = second ? pixel & 15 : high;
    const x = (ax + bx * u) | 0, y = (ay + by * u) | 0, z = (az + bz * u) | 0;
    const fx = x & 15, fy = y & 15, fz = z & 15;
    const cell = (z >> 4) * nxy + (y >> 4) * nx + (x >> 4) - base;
    for (let corner = 0; corner < 8; corner++) {
      const cx = corner & 1, cy = (corner >> 1) & 1, cz = corner >> 2;
      const w = (cx ? fx : 16 - fx) * (cy ? fy : 16 - fy) * (cz ? fz : 16 - fz);
      if (w === 0) continue;
      const at = cell + cx + cy * nx + cz * nxy;
      if (second && upper[at] !== high) continue;
      bins[MEDIAN_BINS * at + bin]! += w;
    }
  }
} // prettier-ignore

/** Between the walks: notes the sixteenth that holds each median, and empties the counts. */
export function closeFirstWalk({ bins, upper, below, total }: MedianCounts): void {
  for (let voxel = 0; voxel < upper.length; voxel++) {
    let sum = 0;
    for (let b = 0; b < MEDIAN_BINS; b++) sum += bins[MEDIAN_BINS * voxel + b]!;
    total[voxel] = sum;
    upper[voxel] = OPEN;
    if (sum === 0) continue;
    let high = 0, under = 0; // prettier-ignore
    while (2 * (under + bins[MEDIAN_BINS * voxel + high]!) < sum) under += bins[MEDIAN_BINS * voxel + high++]!;
    upper[voxel] = high;
    below[voxel] = under;
    bins.fill(0, MEDIAN_BINS * voxel, MEDIAN_BINS * voxel + MEDIAN_BINS);
  }
}

/** The lower weighted median: the smallest value with half of the weight at or below it. */
export function medianOf({ bins, upper, below, total }: MedianCounts, voxel: number): number {
  let low = 0, under = below[voxel]!; // prettier-ignore
  while (low < 15 && 2 * (under + bins[MEDIAN_BINS * voxel + low]!) < total[voxel]!) {
    under += bins[MEDIAN_BINS * voxel + low++]!;
  }
  return 16 * upper[voxel]! + low;
}
