import type { FillJob, Filler } from "./fill-job.ts";
import type { HoleFilling } from "./options.ts";
import { seenColumns, type SeenMask } from "./seen-mask.kernel.ts";

/** Fewest of n voxels that are more than the share; PLUS keeps the share in single precision. */
function fewestAbove(share: number, n: number): number {
  let known = 1;
  while (known <= n && !(known / n > Math.fround(share))) known++;
  return known;
}

interface Cube {
  readonly maskOffset: Int32Array;
  readonly voxelOffset: Int32Array;
  /** Chebyshev distance from the centre. */
  readonly shell: Uint8Array;
  readonly squared: Float64Array;
}

/** The voxels of a cube around a hole, z fastest (the order in which PLUS adds them up, which rounding depends on). */
function cube(size: number, [nx, ny]: FillJob["shape"], { strideY, strideZ }: SeenMask): Cube {
  const n = size ** 3,
    range = (size - 1) / 2;
  const all = {
    maskOffset: new Int32Array(n),
    voxelOffset: new Int32Array(n),
    shell: new Uint8Array(n),
    squared: new Float64Array(n),
  };
  let k = 0;
  for (let x = -range; x <= range; x++) {
    for (let y = -range; y <= range; y++) {
      for (let z = -range; z <= range; z++, k++) {
        all.maskOffset[k] = x + y * strideY + z * strideZ;
        all.voxelOffset[k] = x + (y + z * ny) * nx;
        all.shell[k] = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
        all.squared[k] = x * x + y * y + z * z;
      }
    }
  }
  return all;
}

/** Mean of the first shell of the cube that has something seen. */
export function nearestFiller(
  size: number,
  minShare: number,
  { shape, values, likePlus }: FillJob,
  mask: SeenMask,
): Filler {
  const { maskOffset, voxelOffset, shell } = cube(size, shape, mask);
  const range = (size - 1) / 2,
    order = Int32Array.from(shell.keys()).sort((a, b) => shell[a]! - shell[b]! || a - b);
  const end = Array.from({ length: range + 1 }, (_, r) => (2 * r + 1) ** 3);
  const needed = fewestAbove(minShare, size ** 3);
  const value = (at: number, voxel: number): number => {
    for (let r = 1; r <= range; r++) {
      let sum = 0,
        known = 0;
      for (let k = end[r - 1]!; k < end[r]!; k++) {
        const i = order[k]!;
        if (mask.seen[at + maskOffset[i]!]! === 0) continue;
        sum += values[voxel + voxelOffset[i]!]!;
        known++;
      }
      if (known === 0) continue;
      if (known < needed) return NaN;
      return likePlus ? Math.trunc(sum / known) : sum / known;
    }
    return NaN;
  };
  return { value, radius: range, needed, nextLayer: () => undefined };
}

/** Weighted mean over the cube: by 1/distance, by a Gaussian, or by a Gaussian times what each voxel has seen. */
export function cubeFiller(
  step: Exclude<HoleFilling, { kind: "stick" | "nearest" }>,
  { shape, values, weight, likePlus }: FillJob,
  mask: SeenMask,
): Filler {
  const { maskOffset, voxelOffset, squared } = cube(step.size, shape, mask);
  // PLUS keeps its kernels in single precision; the loops read the same numbers faster from double.
  const single = Float32Array.from(squared, (r2) => {
    if (step.kind === "inverse-distance") return r2 === 0 ? 0 : 1 / Math.fround(Math.sqrt(r2));
    const s = step.stdevVoxels;
    return Math.exp(-r2 / (2 * s * s)) / ((2 * Math.PI) ** 1.5 * s ** 3);
  });
  const kernel = Float64Array.from(single);
  const byWeight = step.kind === "gaussian-accumulation";
  const n = kernel.length;
  const radius = (step.size - 1) / 2;
  const columns = seenColumns(mask, radius);
  const columnOffset = maskOffset.filter((_, k) => k % step.size === radius);
  const weighted = (_at: number, voxel: number, inLayer: number): number => {
    let sum = 0,
      total = 0;
    for (let c = 0; c < columnOffset.length; c++) {
      let bits = columns.bits[inLayer + columnOffset[c]!]!;
      while (bits !== 0) {
        const k = c * step.size + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const neighbour = voxel + voxelOffset[k]!;
        const w = weight[neighbour]! * kernel[k]!;
        sum += values[neighbour]! * w;
        total += w;
      }
    }
    if (total === 0) return NaN;
    return likePlus ? Math.trunc(sum / total) : sum / total;
  };
  const plain = (_at: number, voxel: number, inLayer: number): number => {
    let sum = 0,
      total = 0;
    for (let c = 0, k0 = 0; c < columnOffset.length; c++, k0 += step.size) {
      let bits = columns.bits[inLayer + columnOffset[c]!]!;
      while (bits !== 0) {
        const k = k0 + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const w = kernel[k]!;
        sum += values[voxel + voxelOffset[k]!]! * w;
        total += w;
      }
    }
    if (total === 0) return NaN;
    return likePlus ? Math.trunc(sum / total) : sum / total;
  };
  return {
    value: byWeight ? weighted : plain,
    radius,
    needed: fewestAbove(step.minKnownShare, n),
    nextLayer: columns.next,
  };
}
