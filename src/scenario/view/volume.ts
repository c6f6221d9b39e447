import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ViewedVolume } from "../../data/view-page.ts";
import type { Grid } from "../../geometry/grid.ts";
import { isosurface } from "../../geometry/isosurface.ts";
import { triangleCount } from "../../geometry/mesh.ts";
import { readVolume, type VolumeFile } from "../../io/volume-file.ts";
import { meshBytes } from "./mesh-bytes.ts";

/** The voxels in memory; slices and surfaces are made of them when asked for. */
export interface VolumeView {
  readonly item: ViewedVolume;
  /** Values of one slice as they lie in the file's type, little-endian, first remaining axis fastest. */
  slice(axis: 0 | 1 | 2, index: number): Uint8Array;
  /** As `meshBytes`, on a grid thinned so that it fits. */
  surface(level: number): Uint8Array;
}

/** Of one file: the voxels as they are, and as many again while they are turned. */
const MEMORY_BYTES = 1.5 * 2 ** 30;
/** The surface is made on no more voxels than this: about a second, and 32 MB of floats. */
const SURFACE_VOXELS = 8_000_000;
const SURFACE_TRIANGLES = 1_500_000;

/** Throws an UnsuitableInputError that names the memory it would take when the volume is too large. */
export async function openVolumeView(path: string): Promise<VolumeView> {
  const file = await readVolume(path, { memoryBytes: MEMORY_BYTES });
  const { grid, values } = file;
  const surfaceStep = thinning(grid, SURFACE_VOXELS);
  const stats = grayRange(values);
  // Half of what is bright: the surface of a probability, a fair start for anything else.
  const level = (stats.min + stats.window[1]) / 2;
  return {
    item: {
      kind: "volume",
      name: basename(path),
      grid,
      element: values instanceof Uint8Array ? "u8" : values instanceof Int16Array ? "i16" : "f32",
      ...stats,
      level,
      start: richestSlices(file, level),
      surfaceStep,
      warnings: file.warnings,
    },
    slice: (axis, index) => sliceBytes(file, axis, index),
    surface: (level) => surfaceBytes(path, file, level, surfaceStep),
  };
}

/** The smallest whole step at which no more than `most` voxels are left. */
export function thinning({ shape: [x, y, z] }: Grid, most: number): number {
  let step = 1;
  while (Math.ceil(x / step) * Math.ceil(y / step) * Math.ceil(z / step) > most) step++;
  return step;
}

export function sliceBytes(
  { grid, values }: Pick<VolumeFile, "grid" | "values">,
  axis: 0 | 1 | 2,
  index: number,
): Uint8Array {
  const [nx, ny, nz] = grid.shape;
  if (!Number.isInteger(index) || index < 0 || index >= grid.shape[axis]) {
    throw new UnsuitableInputError(`slice ${index} of axis ${axis}: there are ${grid.shape[axis]}`, "Take one of them");
  }
  const [width, height] = axis === 0 ? [ny, nz] : axis === 1 ? [nx, nz] : [nx, ny];
  const [across, down] = axis === 0 ? [nx, nx * ny] : axis === 1 ? [1, nx * ny] : [1, nx];
  const first = index * [1, nx, nx * ny][axis]!;
  const out = values.slice(0, width * height);
  for (let v = 0, to = 0; v < height; v++)
    for (let u = 0, from = first + v * down; u < width; u++, from += across) out[to++] = values[from]!;
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

function surfaceBytes(path: string, file: VolumeFile, level: number, fromStep: number): Uint8Array {
  for (let step = fromStep; ; step++) {
    const { grid, values } = thinned(file, step);
    const mesh = isosurface(grid, values, level);
    if (triangleCount(mesh) <= SURFACE_TRIANGLES) return meshBytes(mesh);
    if (Math.min(...grid.shape) < 8)
      throw new UnsuitableInputError(`${path}: the surface at ${level} is noise`, "Choose another height");
  }
}

/** Means of blocks of `step` voxels along each axis. */
export function thinned(
  { grid, values }: Pick<VolumeFile, "grid" | "values">,
  step: number,
): { readonly grid: Grid; readonly values: Float32Array } {
  if (step === 1) return { grid, values: values instanceof Float32Array ? values : Float32Array.from(values) };
  const [nx, ny, nz] = grid.shape;
  const shape = [Math.ceil(nx / step), Math.ceil(ny / step), Math.ceil(nz / step)] as const;
  const sum = new Float32Array(shape[0] * shape[1] * shape[2]),
    count = new Uint32Array(sum.length);
  for (let k = 0, from = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const row = (Math.floor(k / step) * shape[1] + Math.floor(j / step)) * shape[0];
      for (let i = 0; i < nx; i++, from++) {
        const to = row + Math.floor(i / step);
        sum[to]! += values[from]!;
        count[to]!++;
      }
    }
  }
  const middle = (step - 1) / 2;
  const along = (axis: 0 | 1 | 2): number => grid.originMm[axis] + middle * grid.spacingMm[axis];
  return {
    grid: {
      shape,
      spacingMm: [grid.spacingMm[0] * step, grid.spacingMm[1] * step, grid.spacingMm[2] * step],
      originMm: [along(0), along(1), along(2)],
    },
    values: sum.map((total, i) => total / count[i]!),
  };
}

/** Along each axis the slice whose voxels pass `level` by most in sum; the first of equal ones. */
export function richestSlices(
  { grid, values }: Pick<VolumeFile, "grid" | "values">,
  level: number,
): [number, number, number] {
  const [nx, ny, nz] = grid.shape;
  const sums = [new Float64Array(nx), new Float64Array(ny), new Float64Array(nz)] as const;
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, at++) {
        const excess = values[at]! - level;
        if (!(excess > 0)) continue;
        sums[0][i]! += excess;
        sums[1][j]! += excess;
        sums[2][k]! += excess;
      }
  const most = (sum: Float64Array): number => sum.reduce((best, n, i) => (n > sum[best]! ? i : best), 0);
  return [most(sums[0]), most(sums[1]), most(sums[2])];
}

const SAMPLES = 200_000;

/** Smallest and largest value, and those that 1 % and 99 % of the voxels above the smallest stay below. */
export function grayRange(values: ArrayLike<number>): Pick<ViewedVolume, "min" | "max" | "window"> {
  let min = Infinity,
    max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (!(min <= max)) return { min: 0, max: 0, window: [0, 1] };
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const above: number[] = [];
  for (let i = 0; i < values.length; i += step) if (values[i]! > min) above.push(values[i]!);
  above.sort((a, b) => a - b);
  const at = (share: number): number => above[Math.min(above.length - 1, Math.floor(share * above.length))] ?? max;
  return { min, max, window: [Math.min(at(0.01), max), Math.max(at(0.99), min)] };
}
