import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { Calibration } from "../data/calibration.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import type { Report } from "../data/report.ts";
import { framePose, type TrackedFrames } from "../data/tracked-frames.ts";
import { transformPoint } from "../core/rigid.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import type { VertexScalars } from "../io/mesh/write-mesh.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { runPipeline, type PipelineOptions, type PipelineResult } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { extractSurface } from "../pipeline/surface/extract.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import { defaultReconstruction } from "../pipeline/reconstruction/options.ts";
import { reachableVertices, type ReportAssets, type ReportMesh } from "../report/assets.ts";
import { segment } from "./build.ts";
import { measure } from "./measure.ts";
import { readFrames } from "./report-assets.ts";
import {
  nominalGeometry,
  pipelinePoses,
  round,
  roundReport,
  writeCalibration,
  writeFrameSamples,
  writeJson,
  writeResultVolume,
  writeSurface,
  writeTruth,
} from "./result-folder.ts";
import { perturbCalibration } from "./rig.ts";
import type { CalibrationConfig, Scenario, SimulatedSource } from "./schema.ts";
import { simulate } from "./simulate.ts";
import { createStopwatch } from "./stopwatch.ts";

export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  readonly version: string;
}

export interface RunOutcome {
  readonly report: Report;
  readonly assets: ReportAssets;
}

const radians = (deg: number): number => (deg * Math.PI) / 180;

/** Simulates, reconstructs and scores; leaves everything but the page in `folder`. */
export async function runSimulated(
  scenario: Scenario,
  source: SimulatedSource,
  folder: string,
  { log, workers, signal, version }: RunContext,
): Promise<RunOutcome> {
  await mkdir(folder, { recursive: true });
  const watch = createStopwatch();
  const recordingPath = join(folder, "recording.mcap");
  const { truth, geometry } = await watch.time("simulate", () =>
    simulate(scenario, source, recordingPath, { log, workers, signal, overwrite: true }),
  );
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
    log.info("writing the results");
    await writeResult(folder, result, calibration, (bone) => scored.vertexErrors.get(bone)?.result);
    const timesS = recording.images!.acquiredAtS;
    await writeFileAtomic(join(folder, "poses.csv"), pipelinePoses(result.frames, timesS, geometry));
    const meshes = meshesOf(result, truth, scored.vertexErrors, scenario.scoring.minHits);
    await writeTruth(folder, truth, geometry, timesS, (bone) => truthScalars(meshes, bone));
    const samples = await writeFrameSamples(
      folder,
      result.frames,
      result.masks,
      scenario.report.sampleFrames,
      (index) => ({ label: sweepAt(recording, timesS[index]!), trueRow: truth.trueRidge(index) }),
    );
    const report = roundReport({
      schemaVersion: 1,
      kind: "run",
      title: scenario.name,
      software: { name: "sonobench", version },
      seed: scenario.seed,
      headline: scored.headline,
      configuration: scenario,
      bones: scored.bones,
      segmentation: scored.segmentation,
      frames: {
        total: recording.images!.count,
        used: result.frames.count,
        dropped: result.frames.dropped,
        samples,
      },
      meshes: [
        ...result.surfaces.map(({ bone, mesh }) => meshEntry(bone, "result", `${bone}.ply`, mesh.triangles.length)),
        ...truth.bones.map(({ name, mesh }) => meshEntry(name, "truth", `truth/${name}.ply`, mesh.triangles.length)),
      ],
      probePathMm: probePath(result.frames, geometry),
      notModelled: truth.notModelled,
      warnings: [...recording.warnings, ...removedSentences(result)],
    } satisfies Report);
    await writeJson(join(folder, "report.json"), report);
    await writeJson(join(folder, "timing.json"), watch.summary(result.frames.count));
    return { report, assets: { meshes, frames: await readFrames(folder, samples) } };
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

/** Surfaces, volume and calibration, as every run leaves them. */
export async function writeResult(
  folder: string,
  { surfaces, volume }: PipelineResult,
  calibration: Calibration,
  errorOf: (bone: string) => Float32Array | undefined,
): Promise<void> {
  for (const surface of surfaces) await writeSurface(folder, surface, errorOf(surface.bone));
  await writeResultVolume(folder, volume);
  await writeCalibration(join(folder, "calibration.json"), calibration);
}

export const meshEntry = (bone: string, role: "result" | "truth", file: string, corners: number) => ({
  bone,
  role,
  file,
  triangles: corners / 3,
});

/** One sentence a reason: how many pieces of surface were removed, and how large they were together. */
export function removedSentences({ surfaces }: PipelineResult): string[] {
  const byReason = new Map<string, { pieces: number; areaMm2: number }>();
  for (const { reason, areaMm2 } of surfaces.flatMap(({ removed }) => removed)) {
    const sum = byReason.get(reason) ?? { pieces: 0, areaMm2: 0 };
    byReason.set(reason, { pieces: sum.pieces + 1, areaMm2: sum.areaMm2 + areaMm2 });
  }
  return [...byReason].map(
    ([reason, { pieces, areaMm2 }]) =>
      `Removed from the surface: ${pieces} ${pieces === 1 ? "piece" : "pieces"}, ${(areaMm2 / 100).toFixed(1)} cm² ` +
      `together (${reason}).`,
  );
}

export function sweepAt({ sweeps }: Recording, stampS: number): string {
  const MARGIN_S = 1; // the stamp is late by the lag, the sweep's times are not
  return sweeps.find(({ fromS, toS }) => stampS >= fromS && stampS <= toS + MARGIN_S)?.name ?? "";
}

/** Centre of the face at every used frame, to 0.01 mm. */
export function probePath(frames: TrackedFrames, geometry = nominalGeometry(frames)): number[] {
  const [u, v] = geometry.faceCentrePx;
  return Array.from({ length: frames.count }, (_, i) => transformPoint(framePose(frames, i), u, v, 0))
    .flat()
    .map((value) => round(value, 2));
}

function meshesOf(
  { surfaces }: PipelineResult,
  truth: GroundTruth,
  errors: ReadonlyMap<string, { readonly result: Float32Array; readonly truth: Float32Array }>,
  minHits: number,
): ReportMesh[] {
  const withErrors = (values: Float32Array | undefined) => (values?.length ? { errorMm: values } : {});
  return [
    ...surfaces.map(({ bone, mesh }): ReportMesh => ({
      bone,
      role: "result",
      mesh,
      ...withErrors(errors.get(bone)?.result),
    })),
    ...truth.bones.map(({ name, mesh, insonified }): ReportMesh => ({
      bone: name,
      role: "truth",
      mesh,
      reachable: reachableVertices(mesh, insonified, minHits),
      ...withErrors(errors.get(name)?.truth),
    })),
  ];
}

/** As `readAssets` expects them back: distance to the result (`error_mm`) and 1 where a beam could have seen bone. */
function truthScalars(meshes: readonly ReportMesh[], bone: string): VertexScalars[] {
  const found = meshes.find((item) => item.bone === bone && item.role === "truth");
  return [
    ...(found?.errorMm ? [{ name: "error_mm", values: found.errorMm }] : []),
    ...(found?.reachable ? [{ name: "reachable", values: Float32Array.from(found.reachable) }] : []),
  ];
}
