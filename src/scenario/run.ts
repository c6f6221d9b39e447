import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { Calibration } from "../data/calibration.ts";
import type { ImageGeometry } from "../data/image.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { runPipeline, type PipelineOptions } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { extractSurface } from "../pipeline/surface/extract.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import { defaultReconstruction } from "../pipeline/reconstruction/options.ts";
import { segment } from "./build.ts";
import { measure } from "./measure.ts";
import { perturbCalibration } from "./rig.ts";
import type { CalibrationConfig, Scenario, SimulatedSource } from "./schema.ts";
import { simulate, type Simulation } from "./simulate.ts";
import { createStopwatch, type Stopwatch } from "./stopwatch.ts";
import { writeRun, type RunOutcome } from "./write-run.ts";

export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  readonly version: string;
}

const radians = (deg: number): number => (deg * Math.PI) / 180;

/** Simulates, reconstructs and scores; leaves everything but the page in `folder`. */
export async function runSimulated(
  scenario: Scenario,
  source: SimulatedSource,
  folder: string,
  context: RunContext,
): Promise<RunOutcome> {
  await mkdir(folder, { recursive: true });
  const watch = createStopwatch();
  const { log, workers, signal } = context;
  const recordingPath = join(folder, "recording.mcap");
  const simulation = await watch.time("simulate", () =>
    simulate(scenario, source, recordingPath, { log, workers, signal, overwrite: true }),
  );
  return runJudged(scenario, recordingPath, simulation, folder, context, watch);
}

/**
 * Reconstructs a recording of a scenario and scores it against its truth, in which image i is image i of the recording:
 * the one way of simulated scans, of their replays, and of what came back over the wire.
 */
export async function runJudged(
  scenario: Scenario,
  recordingPath: string,
  { truth, geometry }: Simulation,
  folder: string,
  { log, workers, version }: RunContext,
  watch: Stopwatch = createStopwatch(),
): Promise<RunOutcome> {
  const context: StageContext = { rng: createRng(scenario.seed).fork("pipeline"), log, workers };
  const recording = await openMcap(recordingPath);
  try {
    const { calibration, lagSdS } = calibrationFor(scenario.calibration, truth.calibration, geometry, scenario.seed);
    const result = await watch.time("pipeline", () =>
      runPipeline(
        { recording, fixed: [{ from: "Image", to: "Probe", m: calibration.probeFromPixel }] },
        pipelineOptions(scenario, "Femur", calibration.imageLagS),
        context,
      ),
    );
    log.info("scoring");
    const scored = await watch.time("score", () =>
      measure({ ...result, calibration, lagSdS }, truth, { seed: scenario.seed, minHits: scenario.scoring.minHits }),
    );
    const run = {
      kind: "run",
      scenario,
      configuration: scenario,
      version,
      recording,
      result,
      calibration,
      geometry,
      headline: scored.headline,
      warnings: recording.warnings,
      judged: { truth, scored },
    } as const;
    return await writeRun(folder, run, { watch, log });
  } finally {
    await recording.close();
  }
}

function calibrationFor(
  config: CalibrationConfig,
  truth: Calibration,
  geometry: ImageGeometry,
  seed: string,
): { readonly calibration: Calibration; readonly lagSdS: number } {
  switch (config.kind) {
    case "truth":
      return { calibration: truth, lagSdS: 0 };
    case "perturbed":
      return {
        calibration: perturbCalibration(
          truth,
          geometry,
          {
            rotationSdRad: radians(config.rotationSdDeg),
            translationSdMm: config.translationSdMm,
            lagSdS: config.lagSdS,
          },
          createRng(seed).fork("calibration"),
        ),
        lagSdS: config.lagSdS,
      };
    case "given":
      return {
        calibration: { probeFromPixel: Float64Array.from(config.probeFromPixel), imageLagS: config.imageLagS },
        lagSdS: 0,
      };
    case "configuration":
      throw new Error("a simulated source has no configuration: parseScenario refuses this");
  }
}

export function pipelineOptions(scenario: Scenario, referenceName: string, imageLagS: number): PipelineOptions {
  const { reconstruction, surface, pose } = scenario;
  return {
    sync: { ...trackFrames.defaults, referenceName, imageLagS, maxGapPeriods: pose.maxGapPeriods },
    segment: (frames, context) => segment(scenario.segmentation, frames, context),
    reconstruction: {
      ...defaultReconstruction,
      spacingMm: reconstruction.spacingMm,
      interpolation: reconstruction.interpolation,
      compounding: reconstruction.compounding,
      output: "byte",
    },
    surface: { ...extractSurface.defaults, spacingMm: surface.spacingMm, minIslandMm2: surface.minIslandMm2 },
  };
}
