import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import type { CaseFigures } from "../data/study.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { findBones, runPipeline, type FoundBones, type PipelineInput, type PipelineOptions } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import type { ObserveSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import { extractSurface } from "../pipeline/surface/extract.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import { defaultReconstruction } from "../pipeline/reconstruction/options.ts";
import { complete, segment } from "./build.ts";
import { truthOfRecording } from "./known-truth.ts";
import { compareRoutes } from "./compare-routes.ts";
import { measure } from "./measure.ts";
import { allTrue, motionWarnings, scoreMotion } from "./score-motion.ts";
import { drawnTruth } from "./printed-truth.ts";
import { obtainCalibration } from "./obtain-calibration.ts";
import { oracleMasks, scoreOracle } from "./oracle.ts";
import type { Scenario, SimulatedSource } from "./schema.ts";
import { poseMethod, poseRefinement, usesOrientationSensor } from "./pose-methods.ts";
import { planScan, simulate, type Simulation } from "./simulate.ts";
import type { RunContext } from "./run-context.ts";
import { createStopwatch, type Stopwatch } from "./stopwatch.ts";
import { writeRun, type FinishedRun, type RunOutcome } from "./write-run.ts";

/** Simulates, reconstructs and scores; leaves everything but the page in `folder`. */
export async function runSimulated(
  scenario: Scenario,
  source: SimulatedSource,
  folder: string,
  context: RunContext,
): Promise<RunOutcome> {
  const watch = createStopwatch();
  const { recordingPath, simulation } = await simulateInto(folder, scenario, source, context, watch);
  await context.workers.rest();
  return runJudged(scenario, recordingPath, simulation, folder, context, watch);
}

/**
 * Simulates, reconstructs and scores for the figures of the seen bone alone: no volume, no completed bones, no pages.
 * `folder` is left with the recordings. What the true bone line would have given costs a surface more: only if asked for.
 */
export async function scoreSimulated(
  scenario: Scenario,
  source: SimulatedSource,
  folder: string,
  context: RunContext,
  { oracle }: { readonly oracle: boolean },
): Promise<CaseFigures> {
  const watch = createStopwatch(context.log);
  const { recordingPath, simulation } = await simulateInto(folder, scenario, source, context, watch);
  const work = { pipeline: findBones, oracle, figuresOnly: true };
  return judge(scenario, recordingPath, simulation, folder, context, watch, work, async ({ headline, judged }) => ({
    headline,
    distances: judged?.scored.distances ?? [],
  }));
}

async function simulateInto(
  folder: string,
  scenario: Scenario,
  source: SimulatedSource,
  context: RunContext,
  watch: Stopwatch,
): Promise<{ readonly recordingPath: string; readonly simulation: Simulation }> {
  await mkdir(folder, { recursive: true });
  const recordingPath = join(folder, "recording.mcap");
  const simulation = await watch.time("simulate", () =>
    simulate(scenario, source, recordingPath, { ...context, overwrite: true }),
  );
  return { recordingPath, simulation };
}

/**
 * The same for a recording that was made of the scenario elsewhere (served, and recorded over the wire): only the truth
 * is simulated again.
 */
export async function runServed(
  scenario: Scenario,
  source: SimulatedSource,
  recordingPath: string,
  folder: string,
  context: RunContext,
): Promise<RunOutcome> {
  await mkdir(folder, { recursive: true });
  const watch = createStopwatch();
  const recording = await openMcap(recordingPath);
  try {
    const simulation = await watch.time("simulate", async () =>
      truthOfRecording(await planScan(scenario, source, context), recording, context),
    );
    return await runJudged(scenario, recordingPath, simulation, folder, context, watch);
  } finally {
    await recording.close();
  }
}

/**
 * Reconstructs a recording of a scenario and scores it against its truth, in which image i is image i of the recording:
 * the one way of simulated scans, of their replays, and of what came back over the wire.
 */
export function runJudged(
  scenario: Scenario,
  recordingPath: string,
  simulation: Simulation,
  folder: string,
  context: RunContext,
  watch: Stopwatch = createStopwatch(),
): Promise<RunOutcome> {
  const { log } = context;
  const work = { pipeline: runPipeline, oracle: true, figuresOnly: false };
  return judge(scenario, recordingPath, simulation, folder, context, watch, work, async (run) => {
    const scoring = { seed: scenario.seed, minHits: scenario.scoring.minHits };
    const stage: StageContext = { rng: createRng(scenario.seed).fork("routes"), log, workers: context.workers };
    const routes = await watch.time("compare routes", () =>
      compareRoutes(run.result, simulation.truth, scoring, stage),
    );
    return writeRun(folder, { ...run, routes }, { watch, log });
  });
}

/** How much is made of a recording. */
interface Work<Found extends FoundBones> {
  readonly pipeline: (input: PipelineInput, options: PipelineOptions, context: StageContext) => Promise<Found>;
  /** Whether the true bone line is reconstructed beside the found one. */
  readonly oracle: boolean;
  /** See `Scoring`. */
  readonly figuresOnly: boolean;
}

/** `use` is given the finished run while its recording is open. */
async function judge<Found extends FoundBones, T>(
  scenario: Scenario,
  recordingPath: string,
  { truth, geometry }: Simulation,
  folder: string,
  runContext: RunContext,
  watch: Stopwatch,
  work: Work<Found>,
  use: (run: Omit<FinishedRun, "result"> & { readonly result: Found }) => Promise<T>,
): Promise<T> {
  const { log, workers, software, findBone = segment, speckle } = runContext;
  const context: StageContext = { rng: createRng(scenario.seed).fork("pipeline"), log, workers };
  const {
    calibration,
    lagSdS,
    likely = [],
  } = await watch.time("calibrate", () =>
    obtainCalibration({ scenario, truth: truth.calibration, geometry, folder }, runContext),
  );
  const recording = await openMcap(recordingPath);
  try {
    // What the threads hold of scenes and networks is not needed beyond; a study goes on with the same at its next case.
    const rest = async (): Promise<void> => (work.figuresOnly ? undefined : workers.rest());
    const isOracle = scenario.segmentation.kind === "oracle";
    const options: PipelineOptions = {
      ...pipelineOptions(scenario, "Femur", calibration.imageLagS, speckle),
      segment: isOracle
        ? (frames) => Promise.resolve(oracleMasks(frames, truth))
        : async (frames, stage) => {
            const masks = await watch.time("segment", () => findBone(scenario.segmentation, frames, stage));
            await rest();
            return masks;
          },
    };
    await rest();
    const result = await watch.time("pipeline", () =>
      work.pipeline(
        { recording, fixed: [{ from: "Image", to: "Probe", m: calibration.probeFromPixel }] },
        options,
        context,
      ),
    );
    log.info("scoring");
    const { seed, scoring } = scenario,
      { minHits } = scoring;
    const motion = await watch.time("score poses", () =>
      scoreMotion({ scenario, recording, result, truth: allTrue(truth), geometry, folder, context }),
    );
    const oracle =
      isOracle || !work.oracle
        ? undefined
        : await watch.time("oracle", () =>
            scoreOracle(result.frames, truth, recording, options, minHits, { ...context, log: silentLog }),
          );
    const against = scoring.truth === "printed" ? drawnTruth(truth, result.points) : { truth, sentence: undefined };
    const scored = await watch.time("score", () =>
      measure({ ...result, calibration, lagSdS, oracle, likely }, against.truth, {
        seed,
        minHits,
        figuresOnly: work.figuresOnly,
      }),
    );
    return await use({
      kind: "run",
      scenario,
      configuration: scenario,
      software,
      recording,
      result,
      calibration,
      geometry,
      headline: { ...motion.headline, ...scored.headline },
      ...(motion.motion ? { motion: motion.motion } : {}),
      warnings: [
        ...recording.warnings,
        ...motionWarnings(result),
        ...(against.sentence === undefined ? [] : [against.sentence]),
      ],
      judged: { truth: against.truth, scored, scan: truth },
    });
  } finally {
    await recording.close();
  }
}

export function pipelineOptions(
  scenario: Scenario,
  referenceName: string,
  imageLagS: number,
  speckle?: ObserveSweep,
): PipelineOptions {
  const { reconstruction, surface, pose } = scenario;
  const recover = poseMethod(pose, speckle),
    refine = poseRefinement(pose);
  return {
    ...(recover ? { recover, orientationSensor: usesOrientationSensor(pose) } : {}),
    ...(refine ? { refine } : {}),
    sync: { ...trackFrames.defaults, referenceName, imageLagS, maxGapPeriods: pose.maxGapPeriods },
    segment: (frames, context) => segment(scenario.segmentation, frames, context),
    complete: (input, context) => complete(scenario.completion, input, context),
    reconstruction: {
      ...defaultReconstruction,
      spacingMm: reconstruction.spacingMm,
      interpolation: reconstruction.interpolation,
      compounding: reconstruction.compounding,
      output: "byte",
    },
    ...(reconstruction.region === "whole"
      ? {}
      : { region: { name: reconstruction.region, marginMm: reconstruction.regionMarginMm } }),
    surface: {
      ...extractSurface.defaults,
      spacingMm: surface.spacingMm,
      minIslandMm2: surface.minIslandMm2,
      fillRimMm: surface.fillRimMm,
    },
  };
}
