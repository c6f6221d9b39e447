import { BLOCK_EDGE, BLOCK_VOXELS, FULL_PIXEL, type SparseVolume, SUMS_PER_VOXEL } from "../../data/sparse-volume.ts";
import { isosurface } from "../../geometry/isosurface.ts";
import { vertexCount, type Mesh } from "../../geometry/mesh.ts";

export interface BlockSurfaceOptions {
  /** Standard deviation of the weight with which places speak for their surroundings: bridges the gap between slices. */
  readonly sigmaMm: number;
}

/** The part of the sheet in one block. Vertices on the block's border are those of its neighbour, bit for bit. */
export interface BlockSurface {
  readonly mesh: Mesh;
  /** Per vertex: columns of full confidence, per voxel around it. */
  readonly observations: Float32Array;
  /** Per vertex: scatter of what the pixels around it say of its height, mm (standard deviation). */
  readonly scatterMm: Float32Array;
}

/** The value of a pixel on the bone. */
const ZERO_VALUE = 128;
/** The lattice of a block's cells: its voxels and the next one on each axis. */
const LATTICE = BLOCK_EDGE + 1;
/**
 * At the straight rim of an evenly covered half plane the weighted mean of the voxels lies √(2/π) = 0.8 sigma inside.
 * Where it lies farther off, the place is beyond the rim (Adamson and Alexa 2004).
 */
const RIM_SIGMAS = 0.8;
/** The kernel is cut off here. */
const REACH_SIGMAS = 2;

export const reachVoxels = ({ sigmaMm }: BlockSurfaceOptions, spacingMm: number): number =>
  Math.max(1, Math.ceil((REACH_SIGMAS * sigmaMm) / spacingMm));

/** Extracts the sheets of a volume block by block. The scratch memory belongs to the extractor. */
export interface BlockSurfacer {
  /** Undefined where the sheet does not pass through the block. */
  surfaceOf(block: number): BlockSurface | undefined;
}

/**
 * Signed distances are averaged with a Gaussian, each voxel by what it saw (normalised convolution, Knutsson and Westin
 * 1993); the sheet is where the average changes sign, facing the probe, as far as there are voxels all around.
 */
export function createBlockSurfacer(volume: SparseVolume, options: BlockSurfaceOptions): BlockSurfacer {
  const spacing = volume.grid.spacingMm[0], reach = reachVoxels(options, spacing), sigma = options.sigmaMm / spacing; // prettier-ignore
  const size = LATTICE + 2 * reach;
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const moments = taps.map((tap, i) => tap * (i - reach));
  const field = (): Float64Array => new Float64Array(size ** 3);
  const value = field(), square = field(), weight = field(), scratch = field(); // prettier-ignore
  const [meanX, meanY, meanZ] = [field(), field(), field()];
  const lattice = LATTICE ** 3, values = new Float32Array(lattice), mask = new Uint8Array(lattice); // prettier-ignore
  const summed = new Float64Array(lattice), scatter = new Float64Array(lattice); // prettier-ignore

  const blur = (from: Float64Array, kernels: readonly Float64Array[], to: Float64Array): void => {
    // x over everything, y and z only where the next pass needs it; three buffers would do no better than two.
    pass(from, to, size, 1, kernels[0]!, reach, [LATTICE, size, size]);
    pass(to, scratch, size, size, kernels[1]!, reach, [LATTICE, LATTICE, size]);
    pass(scratch, to, size, size * size, kernels[2]!, reach, [LATTICE, LATTICE, LATTICE]);
  };
  const blurred = [value, square, weight].map(() => field());

  return {
    surfaceOf(block) {
      const [bx, by] = volume.blocks;
      const corner = [block % bx, Math.floor(block / bx) % by, Math.floor(block / bx / by)].map((b) => b * BLOCK_EDGE);
      if (!gather(volume, corner as [number, number, number], reach, size, value, square, weight)) return undefined;
      blur(value, [taps, taps, taps], blurred[0]!);
      blur(weight, [taps, taps, taps], blurred[2]!);
      if (!changesSign(blurred[0]!, blurred[2]!, size)) return undefined;
      blur(square, [taps, taps, taps], blurred[1]!);
      blur(weight, [moments, taps, taps], meanX);
      blur(weight, [taps, moments, taps], meanY);
      blur(weight, [taps, taps, moments], meanZ);
      const rim2 = (RIM_SIGMAS * sigma) ** 2;
      for (let k = 0, at = 0; k < LATTICE; k++) {
        for (let j = 0; j < LATTICE; j++) {
          for (let i = 0; i < LATTICE; i++, at++) {
            const from = (k * size + j) * size + i, w = blurred[2]![from]!; // prettier-ignore
            mask[at] = 0;
            if (!(w > 0)) continue;
            const mean = blurred[0]![from]! / w;
            values[at] = mean;
            summed[at] = w;
            scatter[at] = Math.sqrt(Math.max(0, blurred[1]![from]! / w - mean * mean));
            const off2 = (meanX[from]! ** 2 + meanY[from]! ** 2 + meanZ[from]! ** 2) / (w * w);
            if (off2 <= rim2) mask[at] = 1;
          }
        }
      }
      // In voxels from the grid's first: whole numbers plus the place on the edge, so that neighbours agree bit for bit.
      const grid = { shape: [LATTICE, LATTICE, LATTICE], spacingMm: [1, 1, 1], originMm: corner as [number, number, number] } as const; // prettier-ignore
      const mesh = isosurface(grid, values, 0, { inside: "below", mask });
      if (mesh.triangles.length === 0) return undefined;
      return finished(mesh, corner, volume, summed, scatter);
    },
  };
}

/** One direction of a separable convolution over the lattice's part of a cube of `size`; `extent` is what is written. */
function pass(
  from: Float64Array,
  to: Float64Array,
  size: number,
  stride: number,
  kernel: Float64Array,
  reach: number,
  [ex, ey, ez]: readonly [number, number, number],
): void {
  for (let k = 0; k < ez; k++) {
    for (let j = 0; j < ey; j++) {
      for (let i = 0, at = (k * size + j) * size; i < ex; i++, at++) {
        let sum = 0;
        for (let t = 0; t <= 2 * reach; t++) sum += kernel[t]! * from[at + t * stride]!;
        to[at] = sum;
      }
    }
  }
}

/** Copies the voxels around a block, `reach` on every side; values as distances from the bone. False where they are all on one side of it: then no average changes sign. */
function gather(
  { sums, blockAt, blocks, grid }: SparseVolume,
  [x0, y0, z0]: readonly [number, number, number],
  reach: number,
  size: number,
  value: Float64Array,
  square: Float64Array,
  weight: Float64Array,
): boolean {
  const [nx, ny, nz] = grid.shape, [bx, by] = blocks; // prettier-ignore
  let above = false, below = false; // prettier-ignore
  value.fill(0);
  square.fill(0);
  weight.fill(0);
  for (let k = 0; k < size; k++) {
    const z = z0 - reach + k;
    if (z < 0 || z >= nz) continue;
    for (let j = 0; j < size; j++) {
      const y = y0 - reach + j;
      if (y < 0 || y >= ny) continue;
      for (let i = 0, to = (k * size + j) * size; i < size; i++, to++) {
        const x = x0 - reach + i;
        if (x < 0 || x >= nx) continue;
        const held = blockAt[((z >> 3) * by + (y >> 3)) * bx + (x >> 3)]!;
        if (held < 0) {
          i += 7 - (x & 7);
          to += 7 - (x & 7);
          continue;
        }
        const at = SUMS_PER_VOXEL * (held * BLOCK_VOXELS + ((z & 7) << 6) + ((y & 7) << 3) + (x & 7));
        const w = sums[at + 2]!;
        if (w === 0) continue;
        const height = sums[at]! - ZERO_VALUE * w;
        if (height > 0) above = true;
        else below = true;
        weight[to] = w;
        value[to] = height;
        square[to] = sums[at + 1]! - 2 * ZERO_VALUE * sums[at]! + ZERO_VALUE * ZERO_VALUE * w;
      }
    }
  }
  return above && below;
}

function changesSign(value: Float64Array, weight: Float64Array, size: number): boolean {
  let above = false, below = false; // prettier-ignore
  for (let k = 0; k < LATTICE; k++) {
    for (let j = 0; j < LATTICE; j++) {
      for (let i = 0, at = (k * size + j) * size; i < LATTICE; i++, at++) {
        if (!(weight[at]! > 0)) continue;
        if (value[at]! > 0) above = true;
        else below = true;
      }
    }
    if (above && below) return true;
  }
  return false;
}

/** From voxels to mm, and what is known of each vertex from the lattice point next to it. */
function finished(
  { positions, triangles }: Mesh,
  corner: readonly number[],
  { grid, unitMm }: SparseVolume,
  summed: Float64Array,
  scatter: Float64Array,
): BlockSurface {
  const count = vertexCount({ positions, triangles });
  const placed = new Float32Array(positions.length), observations = new Float32Array(count), scatterMm = new Float32Array(count); // prettier-ignore
  for (let v = 0; v < count; v++) {
    let at = 0;
    for (let axis = 2; axis >= 0; axis--) {
      const index = positions[3 * v + axis]!;
      placed[3 * v + axis] = grid.originMm[axis as 0 | 1 | 2] + index * grid.spacingMm[axis as 0 | 1 | 2];
      at = at * LATTICE + Math.min(LATTICE - 1, Math.max(0, Math.round(index - corner[axis]!)));
    }
    observations[v] = summed[at]! / FULL_PIXEL;
    scatterMm[v] = scatter[at]! * unitMm;
  }
  return { mesh: { positions: placed, triangles }, observations, scatterMm };
}
