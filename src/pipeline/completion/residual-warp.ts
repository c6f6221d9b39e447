import { type Cholesky, cholesky, solveCholesky, solveLower } from "../../core/cholesky.ts";
import { type Mesh, vertexCount, vertexNormals } from "../../geometry/mesh.ts";
import type { Matches } from "./match-sheet.ts";

export interface WarpOptions {
  /** Residuals within one cube of this edge that face one way are made one, mm; for the SD, which needs less detail. */
  readonly cellMm: number;
  readonly sdCellMm: number;
  /** Over these distances the bone's deviation from the family hangs together, and how its variance is shared, mm. */
  readonly lengthsMm: readonly [number, number];
  readonly shares: readonly [number, number];
  /** SD of a cell's mean, mm: what the sheet's own roughness leaves. */
  readonly noiseMm: number;
  /** The deviation's SD is taken from the seen residuals, and is at least this, mm. */
  readonly minSdMm: number;
}

export const warpDefaults: WarpOptions = {
  cellMm: 5,
  sdCellMm: 10,
  lengthsMm: [20, 6],
  shares: [0.6, 0.4],
  noiseMm: 0.25,
  minSdMm: 0.4,
};

export interface Warp {
  /** Along the shape's normal, one number a vertex, mm. */
  readonly offsetMm: Float64Array;
  /** What the residuals leave open of it, mm. */
  readonly sdMm: Float64Array;
  /** Distance of each vertex to the nearest cell that faces the same way; infinite without one. */
  readonly nearestMm: Float64Array;
}

interface Cells {
  readonly count: number;
  readonly at: Float64Array;
  readonly normal: Float64Array;
  readonly residualMm: Float64Array;
}

/**
 * What the modes cannot say: a Gaussian process over the shape's surface that goes through the seen residuals and fades
 * to nothing (with a growing SD) away from them (Lüthi et al. 2018, by regression of a free-form kernel). Places that
 * face apart do not share it, however near: front and back of a patella.
 */
export function residualWarp(
  shape: Mesh,
  matches: Matches,
  weight: Readonly<Float64Array>,
  options: WarpOptions = warpDefaults,
): Warp {
  const cells = cellsOf(matches, weight, options.cellMm),
    coarse = cellsOf(matches, weight, options.sdCellMm);
  const sdMm = Math.max(options.minSdMm, Math.sqrt(meanSquare(cells.residualMm)));
  const kernel = kernelOf(sdMm, options);
  const alpha = solveCholesky(covariance(cells, kernel, options.noiseMm), cells.residualMm),
    factor = covariance(coarse, kernel, options.noiseMm);
  const vertices = vertexCount(shape);
  const places: Places = { at: shape.positions, normal: vertexNormals(shape) };
  const offsetMm = new Float64Array(vertices),
    left = new Float64Array(vertices),
    nearestMm = new Float64Array(vertices).fill(Infinity);
  const row = new Float64Array(coarse.count);
  for (let v = 0; v < vertices; v++) {
    let sum = 0;
    for (let i = 0; i < cells.count; i++) {
      sum += kernel(places, v, cells, i) * alpha[i]!;
      if (facing(places, v, cells, i) > 0.5) nearestMm[v] = Math.min(nearestMm[v]!, distance(places, v, cells, i));
    }
    offsetMm[v] = sum;
    let largest = 0;
    for (let i = 0; i < coarse.count; i++) {
      row[i] = kernel(places, v, coarse, i);
      largest = Math.max(largest, row[i]!);
    }
    // Far from all cells nothing is known, and the solution need not be computed.
    const known = largest < 0.02 * sdMm * sdMm ? 0 : sumOfSquares(solveLower(factor, row));
    left[v] = Math.sqrt(Math.max(0, sdMm * sdMm - known));
  }
  return { offsetMm, sdMm: left, nearestMm };
}

function covariance(cells: Cells, kernel: Kernel, noiseMm: number): Cholesky {
  const { count } = cells;
  const matrix = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) matrix[i * count + j] = kernel(cells, i, cells, j);
    matrix[i * (count + 1)]! += noiseMm ** 2;
  }
  return cholesky(matrix, count);
}

interface Places {
  readonly at: ArrayLike<number>;
  readonly normal: ArrayLike<number>;
}

type Kernel = (a: Places, i: number, b: Places, j: number) => number;

/** Product of kernels of place and of direction, so positive definite. */
function kernelOf(sdMm: number, { lengthsMm: [long, short], shares: [a, b] }: WarpOptions): Kernel {
  const variance = sdMm * sdMm,
    narrow = -0.5 / (short * short),
    wide = -0.5 / (long * long);
  return (p, i, q, j) => {
    const d2 = squared(p, i, q, j);
    if (d2 > 16 * long * long) return 0;
    const turn = 0.5 * (1 + facing(p, i, q, j));
    return variance * turn * turn * (a * Math.exp(wide * d2) + b * Math.exp(narrow * d2));
  };
}

const squared = (p: Places, i: number, q: Places, j: number): number =>
  (p.at[3 * i]! - q.at[3 * j]!) ** 2 +
  (p.at[3 * i + 1]! - q.at[3 * j + 1]!) ** 2 +
  (p.at[3 * i + 2]! - q.at[3 * j + 2]!) ** 2;

const distance: Kernel = (p, i, q, j) => Math.sqrt(squared(p, i, q, j));

const facing: Kernel = (p, i, q, j) =>
  p.normal[3 * i]! * q.normal[3 * j]! +
  p.normal[3 * i + 1]! * q.normal[3 * j + 1]! +
  p.normal[3 * i + 2]! * q.normal[3 * j + 2]!;

/** Weighted means of the matches in each cube, apart for the six directions that a surface can mainly face. */
function cellsOf({ count, foot, normal, residualMm }: Matches, weight: Readonly<Float64Array>, cellMm: number): Cells {
  const sums = new Map<string, Float64Array>();
  for (let i = 0; i < count; i++) {
    const w = weight[i]!;
    if (w === 0) continue;
    const n = normal.subarray(3 * i, 3 * i + 3);
    const main = n.reduce((best, value, axis) => (Math.abs(value) > Math.abs(n[best]!) ? axis : best), 0);
    const cube = Array.from(foot.subarray(3 * i, 3 * i + 3), (x) => Math.floor(x / cellMm));
    const key = `${cube.join(" ")} ${n[main]! > 0 ? main : main + 3}`;
    let sum = sums.get(key);
    if (!sum) sums.set(key, (sum = new Float64Array(8)));
    for (let axis = 0; axis < 3; axis++) {
      sum[axis]! += w * foot[3 * i + axis]!;
      sum[3 + axis]! += w * n[axis]!;
    }
    sum[6]! += w * residualMm[i]!;
    sum[7]! += w;
  }
  const all = [...sums.values()];
  return {
    count: all.length,
    at: Float64Array.from(all.flatMap((s) => [s[0]! / s[7]!, s[1]! / s[7]!, s[2]! / s[7]!])),
    normal: Float64Array.from(
      all.flatMap((s) => {
        const length = Math.hypot(s[3]!, s[4]!, s[5]!) || 1;
        return [s[3]! / length, s[4]! / length, s[5]! / length];
      }),
    ),
    residualMm: Float64Array.from(all, (s) => s[6]! / s[7]!),
  };
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);
const meanSquare = (values: Float64Array): number => (values.length > 0 ? sumOfSquares(values) / values.length : 0);
