import type { WorkingImage } from "./working-image.ts";

export interface Ridges {
  /**
   * Gray levels: how high above its surroundings the line with Gaussian profile stands that would give the same
   * response. Zero where there is no bright line, or one steeper than the limit.
   */
  readonly strength: Float32Array;
  /** Direction of that line, mm along the beam per mm across it; 0 where there is none. */
  readonly slope: Float32Array;
}

/** Bright lines of the working image by the eigenvalues of its Hessian, the best of several line widths. */
export function findRidges(
  image: WorkingImage,
  cellMm: readonly [number, number],
  sigmasMm: readonly number[],
  maxTiltRad: number,
): Ridges {
  const ridges = { strength: new Float32Array(image.gray.length), slope: new Float32Array(image.gray.length) };
  for (const sigmaMm of sigmasMm) addScale(image, cellMm, sigmaMm, Math.tan(maxTiltRad), ridges);
  return ridges;
}

/** Gaussian and its first two derivatives per unit of sigma, as taps for a correlation from −radius to radius. */
function gaussianJet(sigmaCells: number): {
  radius: number;
  taps: readonly [Float32Array, Float32Array, Float32Array];
} {
  const radius = Math.max(1, Math.ceil(3 * sigmaCells));
  const n = 2 * radius + 1;
  const g0 = new Float32Array(n), g1 = new Float32Array(n), g2 = new Float32Array(n); // prettier-ignore
  let sum = 0;
  for (let k = 0; k < n; k++) sum += Math.exp(-0.5 * ((k - radius) / sigmaCells) ** 2);
  let offset = 0, moment = 0; // prettier-ignore
  for (let k = 0; k < n; k++) {
    const x = (k - radius) / sigmaCells;
    const g = Math.exp(-0.5 * x * x) / sum;
    g0[k] = g;
    g1[k] = x * g;
    g2[k] = (x * x - 1) * g;
    offset += g2[k]!;
  }
  // A truncated, sampled second derivative must still ignore a constant and see x² as 2.
  for (let k = 0; k < n; k++) g2[k]! -= offset * g0[k]!;
  for (let k = 0; k < n; k++) moment += (g2[k]! * ((k - radius) / sigmaCells) ** 2) / 2;
  for (let k = 0; k < n; k++) g2[k]! /= moment;
  return { radius, taps: [g0, g1, g2] };
}

/** σ² · second derivative at the top of a Gaussian line of height 1 and width σ is −2^(−3/2). */
const HEIGHT_PER_CURVATURE = 2 ** 1.5;

function addScale(
  { gray, columns, rows, begin, end }: WorkingImage,
  cellMm: readonly [number, number],
  sigmaMm: number,
  maxSlope: number,
  ridges: Ridges,
): void {
  const down = gaussianJet(sigmaMm / cellMm[1]),
    across = gaussianJet(sigmaMm / cellMm[0]);
  const smooth = new Float32Array(gray.length),
    lean = new Float32Array(gray.length),
    bend = new Float32Array(gray.length);
  const [d0, d1, d2] = down.taps;
  const padded = new Float32Array(rows + 2 * down.radius);
  for (let i = 0; i < columns; i++) {
    const base = i * rows, first = begin[i]!, last = end[i]!; // prettier-ignore
    if (last < first) continue;
    // Beyond the aperture its outermost values go on.
    padded.fill(gray[base + first]!, 0, first + down.radius);
    padded.set(gray.subarray(base + first, base + last + 1), first + down.radius);
    padded.fill(gray[base + last]!, last + 1 + down.radius);
    for (let j = first; j <= last; j++) {
      const middle = j + down.radius;
      let s0 = d0[down.radius]! * padded[middle]!, s1 = 0, s2 = d2[down.radius]! * padded[middle]!; // prettier-ignore
      for (let k = 1; k <= down.radius; k++) {
        const after = padded[middle + k]!, before = padded[middle - k]!; // prettier-ignore
        const tap = down.radius + k;
        s0 += d0[tap]! * (after + before);
        s1 += d1[tap]! * (after - before);
        s2 += d2[tap]! * (after + before);
      }
      smooth[base + j] = s0;
      lean[base + j] = s1;
      bend[base + j] = s2;
    }
  }
  const [a0, a1, a2] = across.taps;
  const xx = new Float32Array(rows), xy = new Float32Array(rows), yy = new Float32Array(rows); // prettier-ignore
  for (let i = 0; i < columns; i++) {
    xx.fill(0);
    xy.fill(0);
    yy.fill(0);
    for (let k = -across.radius, tap = 0; k <= across.radius; k++, tap++) {
      const column = i + k < 0 ? 0 : i + k >= columns ? columns - 1 : i + k;
      const base = column * rows, w0 = a0[tap]!, w1 = a1[tap]!, w2 = a2[tap]!; // prettier-ignore
      for (let j = 0; j < rows; j++) {
        xx[j]! += w2 * smooth[base + j]!;
        xy[j]! += w1 * lean[base + j]!;
        yy[j]! += w0 * bend[base + j]!;
      }
    }
    for (let j = begin[i]!; j <= end[i]!; j++) {
      const hxx = xx[j]!, hxy = xy[j]!, hyy = yy[j]!; // prettier-ignore
      const half = 0.5 * (hxx - hyy);
      const root = Math.sqrt(half * half + hxy * hxy);
      const lowest = 0.5 * (hxx + hyy) - root;
      if (lowest >= 0) continue;
      // The line runs across the eigenvector of the lowest eigenvalue, (hxy, lowest − hxx).
      const slope = hxy / Math.max(hxx - lowest, 1e-9);
      if (Math.abs(slope) > maxSlope) continue;
      // A blob is not a line: subtract the curvature along it.
      const along = lowest + 2 * root;
      const strength = HEIGHT_PER_CURVATURE * (along < 0 ? along - lowest : -lowest);
      if (strength <= ridges.strength[i * rows + j]!) continue;
      ridges.strength[i * rows + j] = strength;
      ridges.slope[i * rows + j] = slope;
    }
  }
}
