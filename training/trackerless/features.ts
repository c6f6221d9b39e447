/**
 * From the sweeps of `sonobench dataset` to what the pose network is trained on: the features that the pipeline itself
 * would give it, the classical steps, and the true ones. Files that are there already are kept.
 *
 *     npx tsx training/trackerless/features.ts <folder of the dataset> <folder for the features> [curves.json]
 */
import { access, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { invert, multiply3x4 } from "../../src/core/rigid.ts";
import { writeShard } from "../../src/io/dataset-shard.ts";
import type { DecorrelationCurves } from "../../src/pipeline/pose/decorrelation/curves.ts";
import { observeCells } from "../../src/pipeline/pose/decorrelation/observe-sweep.ts";
import { recoverSteps } from "../../src/pipeline/pose/decorrelation/recover-steps.ts";
import { CELL_MM, type Lattice } from "../../src/pipeline/pose/lattice.ts";
import { motionFeatures, PATCH_FEATURES, STEP_FEATURES } from "../../src/pipeline/pose/learned/features.ts";
import { defaultCurves, loadCurves } from "../../src/scenario/decorrelation-curves.ts";

/** Every step is filled up with empty patches to this many. */
const PATCHES = 88;
const DYNAMIC_RANGE_DB = 60;

interface Sweep {
  readonly lattice: Lattice;
  readonly cells: readonly Uint8Array[];
  readonly poses: readonly Float64Array[];
}

async function readSweeps(path: string): Promise<Sweep[]> {
  const h5wasm = await import("h5wasm/node");
  await h5wasm.ready;
  const file = new h5wasm.File(path, "r");
  try {
    const read = (name: string) => file.get(name) as InstanceType<typeof h5wasm.Dataset>;
    const frames = read("frames"),
      [, rows, columns] = frames.shape as [number, number, number];
    const all = frames.value as Uint8Array,
      poses = read("poses").value as Float64Array,
      settings = read("settings").value as Float64Array,
      [sweeps, width] = read("settings").shape as [number, number];
    const count = Number(file.attrs["framesPerSweep"]!.value);
    return Array.from({ length: sweeps }, (_, s) => {
      const [w, h, x, y] = settings.subarray(s * width, s * width + 4) as unknown as [number, number, number, number];
      const lattice: Lattice = {
        columns: w,
        rows: h,
        cellMm: CELL_MM,
        originMm: [x, y],
        shown: new Uint8Array(w * h).fill(1),
      };
      const cells = Array.from({ length: count }, (__, i) => {
        const own = new Uint8Array(w * h),
          from = (s * count + i) * rows * columns;
        for (let row = 0; row < h; row++)
          own.set(all.subarray(from + row * columns, from + row * columns + w), row * w);
        return own;
      });
      const ofFrame = (i: number): Float64Array => poses.slice((s * count + i) * 12, (s * count + i) * 12 + 12);
      return { lattice, cells, poses: Array.from({ length: count }, (__, i) => ofFrame(i)) };
    });
  } finally {
    file.close();
  }
}

const everySecond = ({ lattice, cells, poses }: Sweep): Sweep => ({
  lattice,
  cells: cells.filter((_, i) => i % 2 === 0),
  poses: poses.filter((_, i) => i % 2 === 0),
});

async function describe({ lattice, cells, poses }: Sweep, curves: DecorrelationCurves, length: number) {
  const observation = await observeCells(lattice, cells.length, async (i) => cells[i]!, DYNAMIC_RANGE_DB);
  if (observation.count !== cells.length || observation.count !== length + 1) return undefined;
  const classical = recoverSteps(observation, curves);
  const { steps, patches, patch, step, sign, middleMm } = motionFeatures(observation, classical, curves);
  const padded = new Float32Array(steps * PATCHES * PATCH_FEATURES);
  for (let s = 0; s < steps; s++) {
    const kept = Math.min(patches, PATCHES) * PATCH_FEATURES;
    padded.set(
      patch.subarray(s * patches * PATCH_FEATURES, s * patches * PATCH_FEATURES + kept),
      s * PATCHES * PATCH_FEATURES,
    );
  }
  const estimate = new Float64Array(steps * 6),
    truth = new Float64Array(steps * 12);
  for (let s = 0; s < steps; s++) {
    const { txMm, tyMm, tzMm, rxRad, ryRad, rzRad } = classical;
    estimate.set(
      [txMm, tyMm, tzMm, rxRad, ryRad, rzRad].map((of) => of[s + 1]!),
      6 * s,
    );
    truth.set(multiply3x4(invert({ m: poses[s]! }).m, poses[s + 1]!), 12 * s);
  }
  return { patch: padded, step, sign: Float32Array.from(sign), estimate, truth, middle: Float64Array.from(middleMm) };
}

type Described = NonNullable<Awaited<ReturnType<typeof describe>>>;

async function main([from, to, curvesPath]: string[]): Promise<void> {
  if (from === undefined || to === undefined)
    throw new Error("give the folder of the dataset and one for the features");
  const curves = await loadCurves(curvesPath ?? defaultCurves);
  for (const [part, stride] of [
    ["validation", 1],
    ["train", 1],
    ["train", 2],
    ["validation", 2],
  ] as const) {
    const names = (await readdir(join(from, part)).catch(() => [])).filter((name) => name.endsWith(".h5")).sort();
    await mkdir(join(to, part), { recursive: true });
    for (const name of names) {
      const path = join(to, part, name.replace(".h5", `-${stride}.h5`));
      if (await access(path).then(() => true, () => false)) continue; // prettier-ignore
      const sweeps = (await readSweeps(join(from, part, name))).map((sweep) =>
        stride === 2 ? everySecond(sweep) : sweep,
      );
      const length = sweeps[0]!.cells.length - 1;
      const found: Described[] = [];
      for (const sweep of sweeps) {
        const described = await describe(sweep, curves, length);
        if (described) found.push(described);
      }
      const join32 = (key: "patch" | "step" | "sign"): Float32Array =>
        Float32Array.from(found.flatMap((d) => Array.from(d[key])));
      const join64 = (key: "estimate" | "truth" | "middle"): Float64Array =>
        Float64Array.from(found.flatMap((d) => Array.from(d[key])));
      const n = found.length;
      const patch = new Float32Array(n * length * PATCHES * PATCH_FEATURES);
      found.forEach((d, i) => patch.set(d.patch, i * length * PATCHES * PATCH_FEATURES));
      await writeShard(
        path,
        [
          { name: "patch", data: patch, shape: [n, length, PATCHES, PATCH_FEATURES] },
          { name: "step", data: join32("step"), shape: [n, length, STEP_FEATURES] },
          { name: "sign", data: join32("sign"), shape: [n, length] },
          { name: "estimate", data: join64("estimate"), shape: [n, length, 6] },
          { name: "truth", data: join64("truth"), shape: [n, length, 12] },
          { name: "middle", data: join64("middle"), shape: [n, 2] },
        ],
        {},
      );
      process.stderr.write(`${path}: ${n} sweeps of ${length} steps\n`);
    }
  }
}

await main(process.argv.slice(2));
