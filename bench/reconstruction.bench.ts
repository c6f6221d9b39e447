import { silentLog } from "../src/core/log.ts";
import { fromAxisAngle, multiply3x4 } from "../src/core/rigid.ts";
import { createRng } from "../src/core/rng.ts";
import { createWorkerPool } from "../src/core/worker-pool.ts";
import type { TrackedFrames } from "../src/data/tracked-frames.ts";
import { indexFromMm, voxelCount } from "../src/geometry/grid.ts";
import { gridFor } from "../src/pipeline/reconstruction/auto-grid.ts";
import { fillHoles } from "../src/pipeline/reconstruction/fill-holes.kernel.ts";
import {
  defaultReconstruction,
  type HoleFilling,
  plusReconstruction,
  type ReconstructionOptions,
} from "../src/pipeline/reconstruction/options.ts";
import { reconstruct } from "../src/pipeline/reconstruction/reconstruct.ts";
import { createLiveBone, liveDefaults, liveGrid } from "../src/pipeline/live-bone.ts";
import { ridgeFrames } from "../src/pipeline/reconstruction/fuse-ridges.ts";
import { perfectScan, sphereSlices } from "../src/verify/surface-scans.ts";
import { memoryBandwidth, runTwin } from "./reconstruction-twin.ts";
import { naiveLinear, naiveNearest } from "./naive-insertion.ts";
import type { BenchSuite, Case, Published } from "./suite.ts";

const WIDTH = 820,
  HEIGHT = 616,
  FRAMES = 21;
/** As in the spine phantom recording that PLUS was timed with: 0.08 mm pixels, a freehand sweep of 40 mm. */
const PIXEL_MM = 0.08,
  SWEEP_MM = 40;

/** Our own measurement of PlusLib 112a7f3c on 2 shared cores of Debian 12, g++ 12.2 -O3, same sizes. */
const plusIs = (perSecond: number, threads: string): Published => ({
  name: "PLUS",
  perSecond,
  source: `${threads}, measured apart`,
});

/** Speckle-like bytes on poses of a slightly shaky sweep. */
function syntheticSweep(): TrackedFrames {
  const rng = createRng("bench/reconstruction");
  const poses = new Float64Array(FRAMES * 12);
  const probe = fromAxisAngle([0.3, 1, 0.2], 0.5);
  for (let i = 0; i < FRAMES; i++) {
    const shaky = fromAxisAngle([rng.normal(), rng.normal(), rng.normal()], 0.03 * rng.normal(), [
      0.3 * rng.normal(),
      0.3 * rng.normal(),
      (SWEEP_MM * i) / FRAMES,
    ]);
    const scale = Float64Array.of(PIXEL_MM, 0, 0, 0, 0, PIXEL_MM, 0, 0, 0, 0, PIXEL_MM, 0);
    poses.set(multiply3x4(multiply3x4(probe.m, shaky.m), scale), i * 12);
  }
  const images = Array.from({ length: 3 }, () =>
    Uint8Array.from({ length: WIDTH * HEIGHT }, () => Math.min(255, 60 * -Math.log(1 - rng.uniform()))),
  );
  return {
    count: FRAMES,
    width: WIDTH,
    height: HEIGHT,
    sourceIndex: Uint32Array.from({ length: FRAMES }, (_, i) => i),
    timeS: new Float64Array(FRAMES),
    referenceFromPixel: poses,
    dropped: {},
    read: (frame) => Promise.resolve({ width: WIDTH, height: HEIGHT, pixels: images[frame % images.length]! }),
  };
}

export const reconstructionBench: BenchSuite = {
  about: `volume insertion of ${WIDTH} x ${HEIGHT} frames at 0.5 mm, and hole filling`,
  async prepare() {
    const frames = syntheticSweep();
    const one = createWorkerPool(1),
      two = createWorkerPool(2);
    const stage = (options: ReconstructionOptions, workers = one) =>
      reconstruct.run({ frames }, options, { rng: createRng("bench"), log: silentLog, workers });
    const exact = { ...defaultReconstruction, interpolation: "nearest" } as const,
      plus = { ...plusReconstruction, holeFilling: [] },
      linear = { interpolation: "linear" } as const;
    const insertion = (name: string, options: ReconstructionOptions, beside: Case["beside"], workers = one): Case => ({
      name,
      units: FRAMES,
      unit: "frames",
      run: () => stage(options, workers),
      beside: beside ?? [],
    });
    await printAgainstTwin(frames, async (interpolation) => void (await stage({ ...exact, interpolation })));
    const cases = [
      liveCase(),
      ...(await naiveCases(frames)),
      insertion("nearest mean, 1 thread", exact, ["naive nearest mean, 1 thread", plusIs(155, "1 thread")]),
      insertion("nearest mean, 2 workers", exact, ["nearest mean, 1 thread", plusIs(301, "2 threads")], two),
      insertion("linear mean, 1 thread", { ...exact, ...linear }, [
        "naive linear mean, 1 thread",
        plusIs(17, "1 thread"),
      ]),
      insertion(
        "linear mean, 2 workers",
        { ...exact, ...linear },
        ["linear mean, 1 thread", plusIs(28, "2 threads")],
        two,
      ),
      insertion("nearest mean bit-equal to PLUS, 1 thread", plus, [plusIs(155, "1 thread")]),
      insertion("linear mean bit-equal to PLUS, 1 thread", { ...plus, ...linear }, [plusIs(17, "1 thread")]),
      insertion("linear mean bit-equal to PLUS, 2 workers", { ...plus, ...linear }, [plusIs(28, "2 threads")], two),
      ...(await fillingCases(stage(exact))),
    ];
    return { cases, close: async () => void (await Promise.all([one.close(), two.close()])) };
  },
};

/** What a pixel reads and writes, itself and its voxels, through the caches: 4 bytes a voxel (nearest), 8 of 8 (linear). */
const BYTES_PER_PIXEL = { nearest: 1 + 2 * 4, linear: 1 + 8 * 2 * 8 } as const;
const TWIN_ROUNDS = 5;

/** Pixels a second of processor time beside the same loops in C, and the bytes they move beside what memory copies. */
async function printAgainstTwin(
  frames: TrackedFrames,
  run: (interpolation: "nearest" | "linear") => Promise<void>,
): Promise<void> {
  const twin = await runTwin(frames, gridFor(frames, defaultReconstruction));
  const bandwidth = memoryBandwidth();
  for (const interpolation of ["nearest", "linear"] as const) {
    let leastMs = Infinity;
    for (let round = 0; round < TWIN_ROUNDS; round++) {
      const start = process.cpuUsage();
      await run(interpolation);
      const { user, system } = process.cpuUsage(start);
      leastMs = Math.min(leastMs, (user + system) / 1000 / frames.count);
    }
    const rate = (WIDTH * HEIGHT) / leastMs / 1000,
      inC = twin && (interpolation === "nearest" ? twin.nearestMs : twin.linearMs),
      moved = rate * 1e6 * BYTES_PER_PIXEL[interpolation];
    console.log(
      `${interpolation} mean, 1 thread, with reading and dividing: ${rate.toFixed(1)} Mpixel a CPU second` +
        (inC
          ? ` (the loops alone in C, gcc -O3 -march=native: ${((WIDTH * HEIGHT) / inC / 1000).toFixed(1)}, ${(leastMs / inC).toFixed(2)} times as fast)`
          : "") +
        `; ${BYTES_PER_PIXEL[interpolation]} bytes a pixel, ${(moved / 1e9).toFixed(2)} GB/s, of ${(bandwidth / 1e9).toFixed(1)} GB/s that a copy moves here`,
    );
  }
}

/** A frame's bone into the volume and the surface near it anew, as a live reconstruction does. */
function liveCase(): Case {
  const { frames, masks } = perfectScan(sphereSlices(20, 0.5));
  const all = [...ridgeFrames(frames, masks)];
  return {
    name: "live bone: from a frame's bone line to the updated surface, 0.75 mm, 1 thread",
    units: all.length,
    unit: "frames",
    run: () => {
      const live = createLiveBone({ ...liveDefaults, grid: liveGrid([0, 0, 0], 120, 0.75) });
      let changed = 0;
      for (const frame of all) {
        live.insert(frame);
        changed += live.surfaceChanges().length;
      }
      return changed;
    },
  };
}

/** The same work as the stage: read, insert, divide. */
async function naiveCases(frames: TrackedFrames): Promise<Case[]> {
  const grid = gridFor(frames, defaultReconstruction);
  const naive = async (insert: typeof naiveNearest | typeof naiveLinear): Promise<Float32Array> => {
    const sum = new Float32Array(voxelCount(grid));
    const count = insert === naiveNearest ? new Uint32Array(sum.length) : new Float32Array(sum.length);
    for (let i = 0; i < frames.count; i++) {
      const m = multiply3x4(indexFromMm(grid), frames.referenceFromPixel.subarray(i * 12, i * 12 + 12));
      const image = await frames.read(i);
      if (count instanceof Uint32Array) naiveNearest(image, m, grid.shape, sum, count);
      else naiveLinear(image, m, grid.shape, sum, count);
    }
    return sum.map((s, i) => (count[i]! > 0 ? s / count[i]! : 0));
  };
  return [
    { name: "naive nearest mean, 1 thread", units: FRAMES, unit: "frames", run: () => naive(naiveNearest) },
    { name: "naive linear mean, 1 thread", units: FRAMES, unit: "frames", run: () => naive(naiveLinear) },
  ];
}

async function fillingCases(reconstructed: ReturnType<typeof reconstruct.run>): Promise<Case[]> {
  const { grid, values, weight } = await reconstructed;
  const share = { size: 5, minKnownShare: 0.1 };
  const kinds: readonly (readonly [HoleFilling, number])[] = [
    [{ kind: "stick", lengthLimit: 9, sticks: 1 }, 3.6],
    [{ kind: "nearest", ...share }, 4.7],
    [{ kind: "inverse-distance", ...share }, 3.2],
    [{ kind: "gaussian", stdevVoxels: 1, ...share }, 3.4],
    [{ kind: "gaussian-accumulation", stdevVoxels: 1, ...share }, 3.3],
  ];
  return kinds.map(([step, published]) => ({
    name: `hole filling ${step.kind}, 1 thread`,
    units: voxelCount(grid) / 1e6,
    unit: "Mvoxel",
    run: () => {
      const filled = new Float32Array(values.length);
      fillHoles({
        shape: grid.shape,
        zBegin: 0,
        zEnd: grid.shape[2],
        values,
        weight,
        steps: [step],
        likePlus: false,
        filled,
      });
      return filled;
    },
    beside: [plusIs(published, "per core")],
  }));
}
