import type { HoleFilling } from "./options.ts";

/** One slab of hole filling. `values`, `weight` and `filled` cover the whole volume. */
export interface FillJob {
  readonly shape: readonly [number, number, number];
  readonly zBegin: number;
  readonly zEnd: number;
  readonly values: Uint8Array | Float32Array;
  /** 0: a hole. */
  readonly weight: Float32Array;
  readonly steps: readonly HoleFilling[];
  /**
   * Bit for bit as the PLUS toolkit: results are cut to integers, and a stick counts the steps behind it one too many, so
   * that the value ahead weighs too much (2/3 in the middle of a gap of one voxel). Otherwise values are not rounded and
   * a stick interpolates linearly.
   */
  readonly likePlus: boolean;
  /** Written in the slab's layers: seen voxels are copied, holes get a value or 0. */
  readonly filled: Uint8Array | Float32Array;
}

/** A copy of "seen or not" around the slab with a margin of unseen voxels, so that no search needs a bounds test. */
interface SeenMask {
  readonly seen: Uint8Array;
  readonly margin: number;
  readonly strideY: number;
  readonly strideZ: number;
  /** Volume layer of the mask's first layer. */
  readonly zFirst: number;
  /** Per brick of 8³ mask voxels: 1 where it or a neighbour has something seen. */
  readonly near: Uint8Array;
  readonly bricks: readonly [number, number];
}

/** Looks at the hole `at` of the mask, `voxel` of the volume; the value, or NaN when it does not apply. */
type Filler = (at: number, voxel: number) => number;

/** Fills the slab's holes by the rules of the PLUS toolkit, reading only what was seen. Writes `filled`. */
export function fillHoles(job: FillJob): void {
  const { shape, zBegin, zEnd, values, weight, steps, filled } = job;
  const [nx, ny] = shape;
  const reach = Math.max(1, ...steps.map((s) => (s.kind === "stick" ? s.lengthLimit - 1 : (s.size - 1) / 2)));
  const mask = seenMask(job, reach);
  const fillers = steps.map((step) => fillerOf(step, job, mask));
  const skippable = reach <= BRICK;
  for (let z = zBegin; z < zEnd; z++) {
    for (let y = 0; y < ny; y++) {
      const voxel0 = (z * ny + y) * nx;
      const at0 = (z - mask.zFirst) * mask.strideZ + (y + mask.margin) * mask.strideY + mask.margin;
      const brick0 = (((z - mask.zFirst) >> 3) * mask.bricks[1] + ((y + mask.margin) >> 3)) * mask.bricks[0];
      for (let x = 0; x < nx; x++) {
        const voxel = voxel0 + x;
        if (weight[voxel]! > 0) {
          filled[voxel] = values[voxel]!;
          continue;
        }
        let result = 0;
        if (!skippable || mask.near[brick0 + ((x + mask.margin) >> 3)]! !== 0) {
          for (const fill of fillers) {
            const value = fill(at0 + x, voxel);
            if (value === value) {
              result = value;
              break;
            }
          }
        }
        filled[voxel] = result;
      }
    }
  }
}

/** Edge of a brick of the mask; searches that reach no farther can be skipped by looking at the bricks. */
const BRICK = 8;

function seenMask({ shape: [nx, ny, nz], zBegin, zEnd, weight }: FillJob, margin: number): SeenMask {
  const strideY = nx + 2 * margin,
    strideZ = strideY * (ny + 2 * margin);
  const zFirst = zBegin - margin,
    layers = zEnd - zBegin + 2 * margin;
  const seen = new Uint8Array(strideZ * layers);
  const bx = (strideY >> 3) + 1,
    by = ((ny + 2 * margin) >> 3) + 1,
    bz = (layers >> 3) + 1;
  const near = new Uint8Array(bx * by * bz);
  for (let z = Math.max(0, zFirst); z < Math.min(nz, zFirst + layers); z++) {
    for (let y = 0; y < ny; y++) {
      const row = (z * ny + y) * nx,
        at = (z - zFirst) * strideZ + (y + margin) * strideY + margin;
      const brick = (((z - zFirst) >> 3) * by + ((y + margin) >> 3)) * bx;
      for (let x = 0; x < nx; x++) {
        if (weight[row + x]! === 0) continue;
        seen[at + x] = 1;
        near[brick + ((x + margin) >> 3)] = 1;
      }
    }
  }
  spread(near, bx, by, bz);
  return { seen, margin, strideY, strideZ, zFirst, near, bricks: [bx, by] };
}

/** Dilates the bricks by one on each axis, in place. */
function spread(near: Uint8Array, bx: number, by: number, bz: number): void {
  for (const [stride, n] of [[1, bx], [bx, by], [bx * by, bz]] as const) {
    const before = near.slice();
    for (let i = 0; i < near.length; i++) {
      const c = Math.floor(i / stride) % n;
      if ((c > 0 && before[i - stride]!) || (c < n - 1 && before[i + stride]!)) near[i] = 1;
    }
  } // prettier-ignore
}

function fillerOf(step: HoleFilling, job: FillJob, mask: SeenMask): Filler {
  if (step.kind === "stick") return stickFiller(step.lengthLimit, step.sticks, job, mask);
  if (step.kind === "nearest") return nearestFiller(step.size, step.minKnownShare, job, mask);
  return cubeFiller(step, job, mask);
}

/** The 13 directions of a 3³ neighbourhood, opposite ones counted once, in PLUS's order (which ties do not depend on). */
const directions = [
  [1, 0, 0], [0, 1, 0], [0, 0, 1],
  [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, -1, 0], [1, 0, -1], [0, 1, -1],
  [1, 1, 1], [-1, 1, 1], [1, -1, 1], [-1, -1, 1],
] as const; // prettier-ignore

/** A stick of `ahead + behind` steps weighs 1 / its length in space; the heaviest are used, ties together. */
function stickFiller(limit: number, wanted: number, { shape, values, likePlus }: FillJob, mask: SeenMask): Filler {
  const { seen } = mask;
  const count = directions.length;
  const maskStep = new Int32Array(directions.map(([x, y, z]) => x + y * mask.strideY + z * mask.strideZ));
  const voxelStep = new Int32Array(directions.map(([x, y, z]) => x + (y + z * shape[1]) * shape[0]));
  const spacing = Float64Array.from(directions, ([x, y, z]) => Math.sqrt(x * x + y * y + z * z));
  const weights = new Float64Array(count),
    found = new Float64Array(count);

  return (at, voxel) => {
    let any = false;
    for (let i = 0; i < count; i++) {
      weights[i] = 0;
      const step = maskStep[i]!;
      let ahead = 1;
      while (ahead < limit && seen[at + ahead * step]! === 0) ahead++;
      if (ahead >= limit) continue;
      const longest = limit - ahead; // behind + ahead + 1 voxels, at most `limit`
      let behind = 1;
      while (behind < longest && seen[at - behind * step]! === 0) behind++;
      if (behind >= longest) continue;
      const steps = likePlus ? ahead + behind + 1 : ahead + behind;
      const share = (likePlus ? behind + 1 : behind) / steps;
      const value =
        (1 - share) * values[voxel - behind * voxelStep[i]!]! + share * values[voxel + ahead * voxelStep[i]!]!;
      weights[i] = 1 / (steps * spacing[i]!);
      found[i] = likePlus ? Math.trunc(value) : value;
      any = true;
    }
    if (!any) return NaN;
    let used = 0,
      sum = 0,
      total = 0;
    while (used < wanted) {
      let heaviest = 0;
      for (let i = 0; i < count; i++) if (weights[i]! > heaviest) heaviest = weights[i]!;
      if (heaviest === 0) break;
      for (let i = 0; i < count; i++) {
        if (weights[i]! !== heaviest) continue;
        sum += found[i]! * heaviest;
        total += heaviest;
        used++;
        weights[i] = 0;
      }
    }
    const value = sum / total;
    return likePlus ? Math.trunc(value) : value;
  };
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
function nearestFiller(size: number, minShare: number, { shape, values, likePlus }: FillJob, mask: SeenMask): Filler {
  const { maskOffset, voxelOffset, shell } = cube(size, shape, mask);
  const range = (size - 1) / 2,
    order = Int32Array.from(shell.keys()).sort((a, b) => shell[a]! - shell[b]! || a - b);
  const end = Array.from({ length: range + 1 }, (_, r) => (2 * r + 1) ** 3);
  return (at, voxel) => {
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
      if (!(known / size ** 3 > Math.fround(minShare))) return NaN;
      return likePlus ? Math.trunc(sum / known) : sum / known;
    }
    return NaN;
  };
}

/** Weighted mean over the cube: by 1/distance, by a Gaussian, or by a Gaussian times what each voxel has seen. */
function cubeFiller(
  step: Exclude<HoleFilling, { kind: "stick" | "nearest" }>,
  { shape, values, weight, likePlus }: FillJob,
  mask: SeenMask,
): Filler {
  const { maskOffset, voxelOffset, squared } = cube(step.size, shape, mask);
  const { seen } = mask;
  // PLUS keeps its kernels in single precision.
  const kernel = Float32Array.from(squared, (r2) => {
    if (step.kind === "inverse-distance") return r2 === 0 ? 0 : 1 / Math.fround(Math.sqrt(r2));
    const s = step.stdevVoxels;
    return Math.exp(-r2 / (2 * s * s)) / ((2 * Math.PI) ** 1.5 * s ** 3);
  });
  const byWeight = step.kind === "gaussian-accumulation";
  const n = kernel.length,
    minShare = Math.fround(step.minKnownShare);
  return (at, voxel) => {
    let sum = 0,
      total = 0,
      known = 0;
    for (let k = 0; k < n; k++) {
      if (seen[at + maskOffset[k]!]! === 0) continue;
      const neighbour = voxel + voxelOffset[k]!;
      const w = byWeight ? weight[neighbour]! * kernel[k]! : kernel[k]!;
      sum += values[neighbour]! * w;
      total += w;
      known++;
    }
    if (total === 0 || !(known / n > minShare)) return NaN;
    return likePlus ? Math.trunc(sum / total) : sum / total;
  };
}
