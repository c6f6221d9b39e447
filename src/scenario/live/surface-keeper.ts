import type { WorkerPool } from "../../core/worker-pool.ts";
import {
  liveBoneWorker,
  liveDefaults,
  liveGrid,
  type LiveBoneAnswer,
  type LiveBoneJob,
  type LiveBoneOptions,
} from "../../pipeline/live-bone.ts";
import type { RidgeFrame } from "../../pipeline/reconstruction/fuse-ridges.ts";
import type { BlockSurface } from "../../pipeline/surface/block-surface.ts";

export interface BoneOptions {
  readonly spacingMm: number;
  readonly sigmaMm: number;
  /** Of the box about the first place at which bone is found. */
  readonly sizeMm: number;
}

/**
 * A leg about the knee; a slice about every millimetre. At 0.75 mm a frame costs the thread 24 ms in place of 12 (256 × 256
 * pixels, bone in nearly every column), for a surface to look at.
 */
export const defaultBone: BoneOptions = { spacingMm: 1, sigmaMm: 1, sizeMm: 360 };

/** The bone so far, which grows in a thread of its own: whoever takes samples is not held up. */
export interface SurfaceKeeper {
  /** Resolves when the surface has the frame in it. One at a time. */
  insert(frame: RidgeFrame): Promise<void>;
  /** The parts of the surface by the names of their blocks, in voxels' order of the grid. */
  readonly parts: ReadonlyMap<number, BlockSurface>;
  /** Told of parts that changed or went, or of "all" when the bone was begun anew. */
  onChange(listener: (blocks: readonly number[] | "all") => void): () => void;
  /** In one piece. */
  whole(): Promise<BlockSurface>;
  clear(): void;
  /** Starts the thread. */
  warmUp(): Promise<void>;
  readonly triangles: number;
}

const NOTHING: BlockSurface = {
  mesh: { positions: new Float32Array(), triangles: new Uint32Array() },
  observations: new Float32Array(),
  scatterMm: new Float32Array(),
};

let bones = 0;

/** `worker`: a pool of one thread, for nothing else. */
export function createSurfaceKeeper(worker: WorkerPool, { spacingMm, sigmaMm, sizeMm }: BoneOptions): SurfaceKeeper {
  const parts = new Map<number, BlockSurface>();
  const listeners = new Set<(blocks: readonly number[] | "all") => void>();
  let key = String(++bones),
    options: LiveBoneOptions | undefined,
    triangles = 0;

  async function ask(job: Omit<LiveBoneJob, "key" | "options">): Promise<LiveBoneAnswer> {
    const asked = key;
    const data: LiveBoneJob = { key, options: options!, ...job };
    const [answer] = await worker.map<LiveBoneAnswer>(liveBoneWorker, [{ data }]);
    // It was begun anew meanwhile.
    return asked === key ? answer! : { changes: [] };
  }
  function take({ changes }: LiveBoneAnswer): void {
    for (const { block, surface } of changes) {
      triangles -= trianglesOf(parts.get(block));
      triangles += trianglesOf(surface);
      if (surface) parts.set(block, surface);
      else parts.delete(block);
    }
    if (changes.length > 0) listeners.forEach((tell) => tell(changes.map(({ block }) => block)));
  }

  return {
    parts,
    async insert(frame) {
      options ??= { ...liveDefaults, sigmaMm, grid: liveGrid(placeOf(frame), sizeMm, spacingMm) };
      take(await ask({ frame: withoutPicture(frame) }));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async whole() {
      if (!options) return NOTHING;
      const answer = await ask({ whole: true });
      take(answer);
      return answer.whole ?? NOTHING;
    },
    clear() {
      key = String(++bones);
      options = undefined;
      parts.clear();
      triangles = 0;
      listeners.forEach((tell) => tell("all"));
    },
    async warmUp() {
      const data: LiveBoneJob = { key: "", options: { ...liveDefaults, sigmaMm, grid: liveGrid([0, 0, 0], 8, 1) } };
      await worker.map(liveBoneWorker, [{ data }]);
    },
    get triangles() {
      return triangles;
    },
  };
}

const trianglesOf = (part: BlockSurface | undefined): number => (part ? part.mesh.triangles.length / 3 : 0);

/** The surface is made of the bone line alone: the picture of it need not be sent. */
function withoutPicture({ mask, referenceFromPixel }: RidgeFrame): RidgeFrame {
  return { referenceFromPixel, mask: { ...mask, probability: new Uint8Array() } };
}

/** The middle of the bone line. */
function placeOf({ referenceFromPixel: m, mask: { ridgeRowPx } }: RidgeFrame): [number, number, number] {
  const columns = [...ridgeRowPx.keys()].filter((u) => Number.isFinite(ridgeRowPx[u]!));
  const u = columns[columns.length >> 1] ?? 0,
    v = ridgeRowPx[u] ?? 0;
  return [m[0]! * u + m[1]! * v + m[3]!, m[4]! * u + m[5]! * v + m[7]!, m[8]! * u + m[9]! * v + m[11]!];
}
