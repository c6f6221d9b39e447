import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { softwareOf } from "../data/provenance.ts";
import { silentLog } from "../core/log.ts";
import { fromAxisAngle, invert, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { drift } from "../metrics/trajectory/drift.ts";
import { scoreTrajectory } from "../metrics/trajectory/score-trajectory.ts";
import type { Trajectory } from "../metrics/trajectory/trajectory.ts";
import { tusRecErrors, tusRecScore } from "../metrics/trajectory/tus-rec.ts";
import { observeSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import { perFrame, stepMatrices } from "../pipeline/pose/decorrelation/recover.ts";
import { recoverSteps } from "../pipeline/pose/decorrelation/recover-steps.ts";
import { chainSteps } from "../pipeline/pose/null-models.ts";
import { runRecorded } from "../scenario/run-recorded.ts";
import { parseScenario } from "../scenario/schema.ts";
import { statedChecks } from "./trackerless-stated.ts";
import { slide, stage, stageCurves, steps } from "./trackerless-stage.ts";
import { numericCheck, type Check, type CheckContext, type Suite } from "./check.ts";

const ROUNDING = 1e-9;
const grid = { width: 64, height: 48, spacingMm: [0.5, 0.5], offset: [1, 1] } as const;
const extent = { centreMm: [0, 20], sizeMm: [40, 40] } as const;

const evenly = (frames: number, stepMm: number): Trajectory =>
  slide(Array.from({ length: frames }, (_, i) => i * stepMm));

function walk(label: string, frames: number): Trajectory {
  const rng = createRng("verify/trackerless").fork(label);
  const fromImage = new Float64Array(12 * frames);
  let pose: Float64Array = fromAxisAngle([1, 0, 0], 0).m.slice();
  for (let i = 0; i < frames; i++) {
    fromImage.set(pose, 12 * i);
    const axis = [rng.normal(), rng.normal(), rng.normal()] as const;
    pose = multiply3x4(pose, fromAxisAngle(axis, 0.03 * rng.normal(), [0.1 * rng.normal(), 0.1 * rng.normal(), 0.4]).m);
  }
  return { fromImage };
}

/** GPE by its definition: the field of every pixel of a frame, one pixel at a time. */
function gpeByDefinition(estimate: Trajectory, truth: Trajectory): number {
  const frames = truth.fromImage.length / 12;
  let sum = 0,
    n = 0;
  for (let i = 1; i < frames; i++) {
    const relative = ({ fromImage }: Trajectory): Float64Array =>
      multiply3x4(invert({ m: fromImage.slice(0, 12) }).m, fromImage.slice(12 * i, 12 * i + 12));
    const a = relative(estimate),
      b = relative(truth);
    for (let v = 1; v <= grid.height; v++) {
      for (let u = 1; u <= grid.width; u++) {
        const x = 0.5 * u,
          y = 0.5 * v;
        const off = [0, 4, 8].map((r) => (a[r]! - b[r]!) * x + (a[r + 1]! - b[r + 1]!) * y + a[r + 3]! - b[r + 3]!);
        sum += Math.hypot(...off);
        n++;
      }
    }
  }
  return sum / n;
}

let measured: Promise<{ readonly scale: number; readonly turned: number; readonly wayMm: number }> | undefined;
/** Curves from two slow stages; then a stage of another seed and speed, and one that turns back half way. */
const decorrelation = () =>
  (measured ??= (async () => {
    const curves = await stageCurves();
    const recover = async (seed: string, z: readonly number[]) => {
      const observation = await observeSweep(await stage(seed, z), 60);
      return perFrame(chainSteps(stepMatrices(recoverSteps(observation, curves))), 12, observation);
    };
    const far = steps(24, 0.2, -2.3);
    const last = (poses: Float64Array): number => poses[poses.length - 1]!;
    const out = await recover("other", far);
    const there = [...steps(13, 0.25, -1.5), ...steps(12, -0.25, 1.25)];
    const back = await recover("turned", there);
    const peak = Math.max(...Array.from({ length: back.length / 12 }, (_, i) => Math.abs(back[12 * i + 11]!)));
    return { scale: Math.abs(last(out)) / 4.6, turned: Math.abs(last(back)) / peak, wayMm: last(out) };
  })());

const recording = (name: string, file: string, configuration: string, about: string): Check => ({
  id: `trackerless.recorded.${name}`,
  statement: `${about}: decorrelation with the default probe's curves, beside standing still; reported as it is`,
  source: "the recording's own tracker",
  expected: "figures, none of them asked for",
  tolerance: "finite; standing still scores 0 by definition",
  run: (context) => recorded(context, file, configuration),
});

async function recorded({ dataFolder }: CheckContext, file: string, configuration: string) {
  const path = dataFolder && join(dataFolder, "plus", file);
  if (
    path === undefined ||
    !(await stat(path).then(
      () => true,
      () => false,
    ))
  ) {
    return { measured: "the recording is not here", pass: "skipped" as const };
  }
  const folder = await mkdtemp(join(tmpdir(), "sonobench-trackerless-"));
  const workers = createWorkerPool(1);
  try {
    const scenario = parseScenario(
      {
        name: "recorded",
        source: { kind: "recording", file: path, configuration: join(dataFolder!, "plus", configuration) },
        calibration: { kind: "configuration" },
        pose: { kind: "decorrelation" },
        segmentation: { kind: "classical" },
      },
      "verify",
    );
    if (scenario.source.kind !== "recording") throw new Error("unreachable: the source is a recording");
    const context = {
      log: silentLog,
      workers,
      signal: new AbortController().signal,
      software: softwareOf("verify"),
    };
    const { report } = await runRecorded(scenario, scenario.source, folder, context);
    const of = (id: string): number => report.headline[`trackerless.${id}`]?.value ?? NaN;
    const all = ["score2025", "fdrPath", "gpe", "lpe", "standStill.gpe", "standStill.lpe", "standStill.score2025"].map(
      of,
    );
    return {
      measured:
        `score ${of("score2025").toFixed(3)}, drift by path ${of("fdrPath").toFixed(3)}, GPE ${of("gpe").toFixed(2)} mm ` +
        `(still ${of("standStill.gpe").toFixed(2)}), LPE ${of("lpe").toFixed(3)} mm (still ${of("standStill.lpe").toFixed(3)})`,
      pass: all.every((x) => Number.isFinite(x)) && Math.abs(of("standStill.score2025")) < ROUNDING,
    };
  } finally {
    await workers.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export const trackerlessSuite: Suite = {
  name: "trackerless",
  about: "poses from the images alone: metrics by their definitions, speckle decorrelation, real recordings",
  checks: [
    numericCheck(
      {
        id: "trackerless.gpe.definition",
        statement: "GPE, streamed, equals the mean over the displacement field of every pixel of every frame, mm",
        source: "TUS-REC submission/utils/metrics.py, written out",
        expected: 0,
        tolerance: ROUNDING,
      },
      () => {
        const [a, b] = [walk("a", 12), walk("b", 12)];
        return tusRecErrors(a, b, grid, []).gpe - gpeByDefinition(a, b);
      },
    ),
    numericCheck(
      {
        id: "trackerless.score2025.bias",
        statement: "steps that are 10 % too short score 0.9",
        source: "closed form of the score of TUS-REC 2025",
        expected: 0.9,
        tolerance: ROUNDING,
      },
      () => tusRecScore(evenly(40, 0.45), evenly(40, 0.5), grid, [{ frame: 9, u: 1, v: 2 }]).final,
    ),
    numericCheck(
      {
        id: "trackerless.score2025.still",
        statement: "standing still scores 0",
        source: "definition of TUS-REC 2025",
        expected: 0,
        tolerance: ROUNDING,
      },
      () => tusRecScore(evenly(20, 0), walk("c", 20), grid, [{ frame: 9, u: 1, v: 2 }]).final,
    ),
    numericCheck(
      {
        id: "trackerless.drift.path",
        statement: "10 % too short out and back: final drift by path of the end is 0 %",
        source: "closed form (RecON's definition)",
        expected: 0,
        tolerance: 1e-6,
      },
      () => {
        const z = [...steps(21, 1), ...steps(20, -1, 19)];
        return drift(slide(z.map((x) => 0.9 * x)), slide(z), extent).finalByPath;
      },
    ),
    numericCheck(
      {
        id: "trackerless.drift.displacement",
        statement: "the same, ended 1 mm from the start: final drift by displacement is 10 %",
        source: "closed form (DualTrack's definition)",
        expected: 0.1,
        tolerance: ROUNDING,
      },
      () => {
        const z = [...steps(21, 1), ...steps(19, -1, 19)];
        return drift(slide(z.map((x) => 0.9 * x)), slide(z), extent).finalByDisplacement;
      },
    ),
    numericCheck(
      {
        id: "trackerless.ape.bias",
        statement: "absolute error of steps 0.1 mm too long, 11 frames, RMSE (first frame aligned), mm",
        source: "closed form: 0.1 sqrt(mean i², i = 0 … 10)",
        expected: 0.1 * Math.sqrt(35),
        tolerance: ROUNDING,
      },
      () =>
        scoreTrajectory({ name: "a", estimate: evenly(11, 1.1), truth: evenly(11, 1), grid }, createRng("verify"))
          .absolute.translationMm.rmse,
    ),
    numericCheck(
      {
        id: "trackerless.decorrelation.scale",
        statement: "length by decorrelation over the true one: plain speckle, another seed and speed than the curves'",
        source: "simulated motor stage, 23 steps of 0.2 mm; 0.1 is 3 SD of 15 % a patch and step (reference 2.1)",
        expected: 1,
        tolerance: 0.1,
      },
      async () => (await decorrelation()).scale,
    ),
    numericCheck(
      {
        id: "trackerless.decorrelation.turn",
        statement: "a stage that turns back half way ends near its start: last distance over the farthest",
        source: "simulated motor stage, 3 mm out and 3 mm back by 0.25 mm, which ends at 0",
        expected: 0,
        tolerance: 0.25,
      },
      async () => (await decorrelation()).turned,
    ),
    ...statedChecks,
    recording("spine", "SpinePhantomFreehand.igs.mha", "PlusDeviceSet_VolumeReconstructionOnly_SpinePhantom_NN_MEAN.xml", "Spine phantom, 2.5 mm between frames"), // prettier-ignore
    recording("l14", "BoneUltrasound_L14.igs.mha", "BoneUltrasound_L14_config.xml", "In vivo, 0.5 mm between frames"),
  ],
};
