import { UnsuitableInputError } from "../../core/errors.ts";
import { type BlockVolume, blocksAlong } from "../../data/block-volume.ts";
import { BLOCK_EDGE, BLOCK_VOXELS } from "../../data/sparse-volume.ts";
import type { StageContext } from "../stage.ts";
import { finishSlab } from "./finish.kernel.ts";
import { batchBytes, frameInserter } from "./insert-frames.ts";
import type { Insertion } from "./insertion.ts";
import { closeFirstWalk } from "./insert-median.kernel.ts";
import type { ReconstructionOptions } from "./options.ts";
import { type InsertionPlan, planInsertion } from "./plan-insertion.ts";
import { type ReachableBlocks, reachableBlocks } from "./reachable-blocks.ts";
import { allocateSlab, bytesPerVoxel, type Slab } from "./slab.ts";

/** The layers that are worked on at a time take about this much: what they hold goes into blocks before the next. */
const PASS_BYTES = 192e6;

/**
 * The volume of `reconstruct`, voxel for voxel and for any number of workers, held in blocks: a whole knee in fine voxels
 * fits, since most of its box was never looked at. Layers are made some at a time, each time from the frames that reach them.
 * The memory is known before it is allocated. There is no hole filling: what it would look at is not held.
 */
export async function reconstructBlocks(
  insertion: Insertion,
  asked: ReconstructionOptions,
  context: StageContext,
  passBytes: number = PASS_BYTES,
): Promise<BlockVolume> {
  const plan = planInsertion(insertion, asked);
  const { options, grid, kind, folding } = plan;
  if (options.holeFilling.length > 0) {
    throw new UnsuitableInputError(
      "Reconstruction: a volume that is held in blocks has no hole filling",
      "Leave the hole filling out, or choose larger voxels or a region so that the volume is held whole",
    );
  }
  const reach = reachableBlocks(insertion, plan);
  const pass = passOf(plan, context.workers.size, passBytes);
  checkMemory(plan, reach, pass);
  const { shape } = grid;
  context.log.debug("reconstruction", { shape, frames: plan.chosen.length, kind, blocks: reach.count, pass: pass.layers }); // prettier-ignore

  const insert = frameInserter(insertion, plan, context);
  const empty = (at: number): Slab => allocateSlab(kind, options, shape, at, at + pass.slabLayers, folding);
  const slabs = Array.from({ length: pass.slabs }, (_, i) => empty(i * pass.slabLayers));
  const store = createStore(plan, reach.count);
  for (let zBegin = 0; zBegin < shape[2]; zBegin += pass.layers) {
    const zEnd = Math.min(shape[2], zBegin + pass.layers);
    const positions = framesReaching(reach, zBegin, zEnd);
    if (positions.length === 0) continue;
    const here = slabs.flatMap((slab, i) => placed(slab, zBegin + i * pass.slabLayers, pass.slabLayers, zEnd));
    await insert(positions, here, false);
    if (kind === "median") {
      for (const slab of here) if (slab.kind === "median") closeFirstWalk(slab);
      await insert(positions, here, true);
    }
    store.take(here, reach.reached);
  }
  return store.volume();
}

/** What `reconstructBlocks` would hold at most, without allocating it. */
export function predictBlocks(
  insertion: Insertion,
  asked: ReconstructionOptions,
  workers: number,
): { readonly blocks: number; readonly bytes: number } {
  const plan = planInsertion(insertion, asked);
  const { count } = reachableBlocks(insertion, plan);
  return { blocks: count, bytes: blockBytes(plan, count, passOf(plan, workers, PASS_BYTES).bytes) };
}

interface Pass {
  /** A multiple of the blocks' edge, as the layers of a slab are. */
  readonly layers: number;
  readonly slabs: number;
  readonly slabLayers: number;
  readonly bytes: number;
}

/** As many layers as fit, at least one of blocks for every worker, at most all. */
function passOf({ grid: { shape }, kind, folding }: InsertionPlan, workers: number, passBytes: number): Pass {
  const perLayer = shape[0] * shape[1] * (bytesPerVoxel(kind, folding) + 8);
  const all = blocksAlong(shape[2]),
    slabs = Math.min(workers, all);
  const each = Math.max(1, Math.min(Math.ceil(all / slabs), Math.floor(passBytes / slabs / perLayer / BLOCK_EDGE)));
  const slabLayers = each * BLOCK_EDGE;
  // Every slab has a layer more on both sides.
  return { layers: slabs * slabLayers, slabs, slabLayers, bytes: slabs * (slabLayers + 2) * perLayer };
}

/** The same memory, emptied, for other layers; none where the slab would begin beyond `zLimit`. */
function placed(slab: Slab, zBegin: number, layers: number, zLimit: number): Slab[] {
  if (zBegin >= zLimit) return [];
  for (const array of Object.values(slab)) {
    if (ArrayBuffer.isView(array)) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0);
  }
  return [{ ...slab, zBegin, zEnd: Math.min(zLimit, zBegin + layers) }];
}

function framesReaching({ layers }: ReachableBlocks, zBegin: number, zEnd: number): number[] {
  const positions: number[] = [];
  for (let at = 0; 2 * at < layers.length; at++) {
    if (layers[2 * at]! < zEnd && layers[2 * at + 1]! >= zBegin) positions.push(at);
  }
  return positions;
}

const valueBytes = ({ options }: InsertionPlan): number =>
  options.output === "byte" || options.arithmetic === "plus" ? 1 : 4;

/** Bytes that the volume and what it is made with take: the blocks, their index twice, the pass and the batches. */
function blockBytes(plan: InsertionPlan, blocks: number, passBytes: number): number {
  const [bx, by, bz] = plan.grid.shape.map(blocksAlong) as [number, number, number];
  return blocks * BLOCK_VOXELS * (valueBytes(plan) + 4) + bx * by * bz * 5 + passBytes + batchBytes(plan);
}

function checkMemory(plan: InsertionPlan, { count }: ReachableBlocks, { bytes }: Pass): void {
  const { grid, options } = plan;
  const needed = blockBytes(plan, count, bytes);
  if (needed <= options.memoryLimitBytes) return;
  const gigabytes = (n: number): string => (n / 1e9).toFixed(2);
  throw new UnsuitableInputError(
    `Reconstruction: up to ${count} blocks of 8 × 8 × 8 voxels of ${grid.spacingMm.join(" × ")} mm in a grid of ` +
      `${grid.shape.join(" × ")} need ${gigabytes(needed)} GB, more than the limit of ` +
      `${gigabytes(options.memoryLimitBytes)} GB`,
    "Use larger voxels, a smaller clip rectangle or region, or raise the limit",
  );
}

/** Keeps what was seen of the layers that it is given. Memory that is not written is not taken from the machine. */
function createStore(plan: InsertionPlan, mostBlocks: number) {
  const { grid, options } = plan;
  const [nx, ny] = grid.shape;
  const blocks = grid.shape.map(blocksAlong) as [number, number, number];
  const [bx, by] = blocks;
  const isByte = valueBytes(plan) === 1;
  const blockAt = new Int32Array(bx * by * blocks[2]).fill(-1);
  const values = isByte ? new Uint8Array(mostBlocks * BLOCK_VOXELS) : new Float32Array(mostBlocks * BLOCK_VOXELS);
  const weight = new Float32Array(mostBlocks * BLOCK_VOXELS);
  // "byte" rounds to the nearest, halves up; PLUS's own bytes are whole numbers.
  const rounding = isByte && options.arithmetic !== "plus" ? 0.5 : 0;
  let count = 0;

  /** Copies the block whose first voxel in the layers is (x0, y0, z0), and keeps it if something was seen there. */
  const keep = (
    block: number,
    from: Float32Array,
    seen: Float32Array,
    x0: number,
    y0: number,
    z0: number,
    depth: number,
  ) => {
    // prettier-ignore
    const base = count * BLOCK_VOXELS;
    let any = false;
    for (let k = 0; k < Math.min(BLOCK_EDGE, depth - z0); k++) {
      for (let j = 0; j < Math.min(BLOCK_EDGE, ny - y0); j++) {
        const row = ((z0 + k) * ny + y0 + j) * nx + x0, to = base + (k << 6) + (j << 3); // prettier-ignore
        for (let i = 0; i < Math.min(BLOCK_EDGE, nx - x0); i++) {
          const w = seen[row + i]!;
          if (w === 0) continue;
          any = true;
          values[to + i] = from[row + i]! + rounding;
          weight[to + i] = w;
        }
      }
    }
    if (any) blockAt[block] = count++;
  };

  return {
    take(slabs: readonly Slab[], reached: Uint8Array): void {
      for (const slab of slabs) {
        const depth = slab.zEnd - slab.zBegin;
        const made = new Float32Array(nx * ny * depth), seen = new Float32Array(nx * ny * depth); // prettier-ignore
        finishSlab({ ...slab, zBegin: 0, zEnd: depth }, made, seen);
        const firstBlock = slab.zBegin / BLOCK_EDGE;
        for (let k = 0; k < blocksAlong(depth); k++) {
          for (let j = 0; j < by; j++) {
            for (let i = 0; i < bx; i++) {
              const block = ((firstBlock + k) * by + j) * bx + i;
              if (reached[block]) keep(block, made, seen, i * BLOCK_EDGE, j * BLOCK_EDGE, k * BLOCK_EDGE, depth);
            }
          }
        }
      }
    },
    volume: (): BlockVolume => ({
      grid,
      blocks,
      blockAt,
      count,
      values: values.subarray(0, count * BLOCK_VOXELS),
      weight: weight.subarray(0, count * BLOCK_VOXELS),
    }),
  };
}
