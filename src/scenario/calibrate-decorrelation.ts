import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnsuitableInputError } from "../core/errors.ts";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import { standardDeviation } from "../core/stats.ts";
import { imageFromPixel } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import { readPlusConfig } from "../io/plus-config.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { elevationWay } from "../metrics/trajectory/per-axis.ts";
import { calibrateCurves } from "../pipeline/pose/decorrelation/calibrate-curves.ts";
import { collectSamples, type KnownSweep } from "../pipeline/pose/decorrelation/collect-samples.ts";
import type { DecorrelationCurves } from "../pipeline/pose/decorrelation/curves.ts";
import { observeSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import { perFrame, stepMatrices } from "../pipeline/pose/decorrelation/recover.ts";
import { recoverSteps } from "../pipeline/pose/decorrelation/recover-steps.ts";
import { chainSteps } from "../pipeline/pose/null-models.ts";
import { cutSweeps } from "../pipeline/pose/recover-poses.ts";
import { untracked } from "../pipeline/run.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import { loadScenario } from "./load.ts";
import { openRecording } from "./open-recording.ts";
import { fixedTransforms } from "./plus.ts";
import type { RunContext } from "./run-context.ts";
import { simulate } from "./simulate.ts";

export interface CurvesOptions {
  /** Of the picture, from black to white. */
  readonly dynamicRangeDb: number;
  /** PLUS configuration of a recording. */
  readonly configuration?: string;
  readonly imageName: string;
  readonly referenceName: string;
}

export interface CalibratedCurves {
  readonly curves: DecorrelationCurves;
  readonly patches: number;
  /** Length of each sweep by these curves over its true one. */
  readonly scales: readonly { readonly sweep: string; readonly scale: number }[];
}

/** What fewer than three sweeps cannot tell: how much the curves' scale varies between places. */
const ASSUMED_SCALE_SD = 0.15;
const LEAST_SCALE_SD = 0.05;

/** Curves from sweeps whose motion is known: simulated ones (as on a motor stage), or recorded ones with a tracker. */
export async function calibrateDecorrelation(
  paths: readonly string[],
  options: CurvesOptions,
  context: RunContext,
): Promise<CalibratedCurves> {
  const sweeps: (KnownSweep & { readonly name: string })[] = [];
  let probe = "unknown";
  for (const path of paths) {
    const isScenario = /\.(ya?ml|json)$/i.test(path);
    const found = isScenario
      ? await simulatedSweeps(path, options, context)
      : await recordedSweeps(path, options, context);
    sweeps.push(...found.sweeps);
    probe = found.probe;
  }
  const samples = collectSamples(sweeps);
  const about = `${sweeps.length} sweeps of ${paths.map((path) => path.replace(/^.*[\\/]/, "")).join(", ")}`;
  const curves = calibrateCurves(samples, { about, probe, scaleSd: ASSUMED_SCALE_SD });
  const scales = sweeps.map((sweep) => ({ sweep: sweep.name, scale: scaleOf(sweep, curves) }));
  const logs = scales.map(({ scale }) => Math.log(Math.max(0.01, Math.abs(scale)))).filter((x) => Number.isFinite(x));
  const scaleSd = logs.length < 3 ? ASSUMED_SCALE_SD : Math.max(LEAST_SCALE_SD, standardDeviation(logs));
  return { curves: { ...curves, scaleSd }, patches: samples.depthMm.length, scales };
}

function scaleOf({ observation, fromImage }: KnownSweep, curves: DecorrelationCurves): number {
  const steps = chainSteps(stepMatrices(recoverSteps(observation, curves)));
  return elevationWay({ fromImage: perFrame(steps, 12, observation) }) / elevationWay({ fromImage });
}

async function simulatedSweeps(path: string, options: CurvesOptions, { log, workers, signal }: RunContext) {
  const scenario = await loadScenario(path);
  const { source } = scenario;
  if (source.kind !== "simulated") {
    throw new UnsuitableInputError(`${path}: source.kind is "${source.kind}"`, 'Name a "simulated" one or a recording');
  }
  const folder = await mkdtemp(join(tmpdir(), "sonobench-decorrelation-"));
  try {
    const file = join(folder, "recording.mcap");
    const { truth } = await simulate(scenario, source, file, { log, workers, signal, overwrite: true });
    const recording = await openMcap(file);
    try {
      const poses = { sourceIndex: Uint32Array.from({ length: recording.images!.count }, (_, i) => i), ...truth };
      return { sweeps: await observed(recording, poses, options), probe: source.probe.kind as string };
    } finally {
      await recording.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function recordedSweeps(path: string, options: CurvesOptions, { log, workers }: RunContext) {
  if (options.configuration === undefined) {
    throw new UnsuitableInputError(`nothing says how the image of ${path} sits on the probe`, "Give --config plus.xml");
  }
  const config = await readPlusConfig(options.configuration);
  const recording = await openRecording(path);
  try {
    const { imageName, referenceName } = options;
    const sync = { ...trackFrames.defaults, imageName, referenceName };
    const rng = createRng("calibrate/decorrelation");
    const tracked = await trackFrames.run({ recording, fixed: fixedTransforms(config) }, sync, { rng, log, workers });
    return { sweeps: await observed(recording, tracked, options), probe: "unknown" };
  } finally {
    await recording.close();
  }
}

interface Poses {
  readonly sourceIndex: Uint32Array;
  readonly referenceFromPixel: Float64Array;
}

async function observed(recording: Recording, poses: Poses, { dynamicRangeDb }: CurvesOptions) {
  const { width, height, nominalGeometry } = recording.images!;
  const input = untracked(recording, { ...poses, width, height, ...(nominalGeometry ? { nominalGeometry } : {}) });
  const toPixel = invert3x4(imageFromPixel(input.geometry));
  const places = new Map(Array.from(poses.sourceIndex, (source, i) => [source, i]));
  const sweeps: (KnownSweep & { readonly name: string })[] = [];
  for (const { name, first, count, images } of cutSweeps(input)) {
    const fromImage = new Float64Array(12 * count);
    for (let i = 0; i < count; i++) {
      const place = places.get(input.frames.sourceIndex[first + i]!);
      if (place === undefined) throw new UnsuitableInputError(`a frame of "${name}" has no pose`, "Leave it out first");
      const m = poses.referenceFromPixel.subarray(12 * place, 12 * place + 12);
      fromImage.set(multiply3x4(m, toPixel), 12 * i);
    }
    sweeps.push({ name, observation: await observeSweep(images, dynamicRangeDb), fromImage });
  }
  return sweeps;
}
