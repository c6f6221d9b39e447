import { mkdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { UnsuitableInputError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { Calibration } from "../data/calibration.ts";
import { noCompletion } from "../data/completed-bone.ts";
import { type DigitisedPoint, type Recording, withPoints } from "../data/recording.ts";
import type { Figure } from "../data/report.ts";
import type { Surface } from "../data/surface.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { type BlockVolume, seenShare } from "../data/block-volume.ts";
import type { Volume } from "../data/volume.ts";
import { surfaceArea } from "../geometry/mesh.ts";
import { readPlusConfig, type PlusConfig } from "../io/plus-config.ts";
import { readTusRecCalibration } from "../io/tusrec/calibration-csv.ts";
import { writeVolume } from "../io/volume-file.ts";
import type { ReconstructionOptions } from "../pipeline/reconstruction/options.ts";
import { type ReconstructionPreset, reconstructionPresets } from "../pipeline/reconstruction/presets.ts";
import { reconstruct } from "../pipeline/reconstruction/reconstruct.ts";
import { reconstructBlocks } from "../pipeline/reconstruction/reconstruct-blocks.ts";
import { runPipeline, type PipelineOptions, type PipelineResult } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { trackFrames, type SyncOptions } from "../pipeline/sync/track-frames.ts";
import type { FixedTransform } from "../pipeline/sync/transform-path.ts";
import { decodeMarkups } from "../io/slicer/markups.ts";
import { scoreBones } from "./measure.ts";
import { openRecording } from "./open-recording.ts";
import { readPrintedTruth } from "./printed-files.ts";
import { drawnBody } from "./printed-truth.ts";
import { fixedTransforms, plusOptions } from "./plus.ts";
import { nominalGeometry } from "./result-folder.ts";
import { pipelineOptions } from "./run.ts";
import type { RunContext } from "./run-context.ts";
import type { RecordedSource, Scenario } from "./schema.ts";
import { motionWarnings, scoreMotion, type ScoredMotion } from "./score-motion.ts";
import { createStopwatch } from "./stopwatch.ts";
import { type FinishedRun, writeRun, type RunOutcome } from "./write-run.ts";

/** What goes into the volume: the bone that was found, or the gray values themselves. */
export type VolumeContent = "bone" | "gray";

export interface RecordedOptions {
  readonly content: VolumeContent;
  /** "plus": its own arithmetic and the options of its configuration, for the gray volume; "slicer": Slicer's defaults. */
  readonly preset: ReconstructionPreset;
}

/** Reconstructs a recording that has no truth; leaves everything but the page in `folder`. */
export async function runRecorded(
  scenario: Scenario,
  source: RecordedSource,
  folder: string,
  run: RunContext,
  { content, preset }: RecordedOptions = { content: "bone", preset: "best" },
): Promise<RunOutcome> {
  const watch = createStopwatch();
  const recording = await openRecording(source.file);
  try {
    const { config, known } = await readConfiguration(source);
    const warnings = [...recording.warnings, ...(config?.warnings ?? [])];
    const fixed = transformsFor(scenario, source, known);
    const context: StageContext = {
      rng: createRng(scenario.seed).fork("pipeline"),
      log: run.log,
      workers: run.workers,
    };
    const imageLagS = scenario.calibration.kind === "given" ? scenario.calibration.imageLagS : 0;
    const options = pipelineOptions(scenario, source.referenceName, imageLagS);
    const sync: SyncOptions = { ...options.sync, imageName: source.imageName };
    const input = { recording: withPoints(recording, await touchedPoints(source)), fixed };
    const result = await watch.time("pipeline", async () =>
      content === "gray"
        ? grayVolume(input, { ...options, sync }, preset, config, context, warnings)
        : runPipeline(input, { ...options, sync }, context),
    );
    for (const warning of warnings) run.log.warn(warning);
    const { frames, masks, surfaces, volume } = result;
    const judged = source.printed === undefined ? undefined : await judgeByPrint(scenario, source.printed, result);
    if (judged) warnings.push(judged.sentence);
    const motion = await againstTracker(scenario, recording, result, folder, context);
    warnings.push(...motionWarnings(result));
    const outcome = await writeRun(
      folder,
      {
        kind: "reconstruct",
        scenario,
        configuration: { ...scenario, source: withoutFolders(source), content, preset },
        software: run.software,
        recording,
        result,
        calibration: calibrationOf(fixed, source.imageName, imageLagS),
        geometry: nominalGeometry(frames),
        headline: {
          ...judged?.scored.headline,
          ...motion.headline,
          ...headlineOf(recording, frames, masks, surfaces, volume, content),
        },
        warnings,
        ...(motion.motion ? { motion: motion.motion } : {}),
        ...(judged ? { judged } : {}),
      },
      { watch, log: run.log },
    );
    // PLUS's own file has the numbers of the reference frame as they are.
    if (content === "gray") await writeVolume(join(folder, "volume.mha"), volume, { axes: "LPS" });
    return outcome;
  } finally {
    await recording.close();
  }
}

/** Divots and landmarks that were touched and saved apart from the recording. */
async function touchedPoints({ touched, referenceName }: RecordedSource): Promise<DigitisedPoint[]> {
  if (touched === undefined) return [];
  return decodeMarkups(await readFile(touched), touched).map(({ name, positionMm: [x, y, z] }) => ({
    name,
    body: referenceName,
    // Files are LPS; the reference frame is used as RAS.
    positionMm: [-x, -y, z],
  }));
}

/** Scores the recording of a print against its drawing. */
async function judgeByPrint(
  scenario: Scenario,
  truthFile: string,
  { frames, surfaces, points }: Pick<PipelineResult, "frames" | "surfaces" | "points">,
): Promise<NonNullable<FinishedRun["judged"]> & { readonly sentence: string }> {
  const { truth, sentence } = drawnBody(await readPrintedTruth(truthFile), points, frames);
  const options = { seed: scenario.seed, minHits: scenario.scoring.minHits };
  const scored = scoreBones(surfaces, truth.bones, options);
  const { bones, headline, vertexErrors, distances } = scored;
  return { truth, scored: { bones, headline, vertexErrors, distances, segmentation: null }, sentence };
}

/** How far poses that were recovered from the images lie from those of the recording's tracker, the nearest to a truth. */
async function againstTracker(
  scenario: Scenario,
  recording: Recording,
  result: PipelineResult,
  folder: string,
  context: StageContext,
): Promise<ScoredMotion> {
  const { recovered, measured } = result;
  if (!recovered || !measured) return { headline: {} };
  await mkdir(folder, { recursive: true });
  const { geometry } = recovered;
  return scoreMotion({ scenario, recording, result, truth: measured, geometry, folder, context });
}

/** The report is the same wherever the recording lies. */
function withoutFolders(source: RecordedSource): RecordedSource {
  const { file, configuration } = source;
  return { ...source, file: basename(file), ...(configuration ? { configuration: basename(configuration) } : {}) };
}

async function grayVolume(
  input: { readonly recording: Recording; readonly fixed: readonly FixedTransform[] },
  options: PipelineOptions,
  preset: RecordedOptions["preset"],
  config: PlusConfig | undefined,
  context: StageContext,
  warnings: string[],
) {
  const frames = await trackFrames.run(input, options.sync, context);
  const plus = preset === "plus" && config ? plusOptions(config) : undefined;
  warnings.push(...(plus?.warnings ?? []));
  const chosen = plus?.options ?? optionsOf(preset, options);
  const volume =
    chosen.holeFilling.length > 0
      ? await reconstruct.run({ frames }, chosen, context)
      : await reconstructBlocks({ frames }, chosen, context);
  const none = {
    width: frames.width,
    height: frames.height,
    probability: new Uint8Array(),
    ridgeRowPx: new Float32Array(frames.width).fill(NaN),
    ridgeConfidence: new Float32Array(frames.width),
    ridgeSdPx: new Float32Array(frames.width).fill(NaN),
  };
  const masks: BoneMasks = { masks: Array.from({ length: frames.count }, () => none) };
  return { frames, masks, volume, surfaces: [] as readonly Surface[], points: [], completion: noCompletion };
}

/** A PLUS configuration, or the `calib_matrix.csv` of a TUS-REC data set. */
export async function readConfiguration({
  configuration: path,
  imageName,
}: Pick<RecordedSource, "configuration" | "imageName">): Promise<{
  readonly config: PlusConfig | undefined;
  readonly known: FixedTransform[] | undefined;
}> {
  if (path === undefined) return { config: undefined, known: undefined };
  if (extname(path).toLowerCase() === ".csv") {
    const { toolFromPixel } = await readTusRecCalibration(path);
    return { config: undefined, known: [{ from: imageName, to: "Probe", m: toolFromPixel }] };
  }
  const config = await readPlusConfig(path);
  return { config, known: fixedTransforms(config) };
}

function optionsOf(preset: RecordedOptions["preset"], { reconstruction }: PipelineOptions): ReconstructionOptions {
  return preset === "slicer" ? reconstructionPresets.slicer : reconstruction;
}

function transformsFor(
  scenario: Scenario,
  source: RecordedSource,
  known: FixedTransform[] | undefined,
): FixedTransform[] {
  const { calibration } = scenario;
  const others = known ?? [];
  if (calibration.kind === "given") {
    const m = Float64Array.from(calibration.probeFromPixel);
    return [{ from: source.imageName, to: "Probe", m }, ...others.filter(({ from }) => from !== source.imageName)];
  }
  if (!known) {
    throw new UnsuitableInputError(
      `nothing says how the image of ${source.file} sits on the probe`,
      "Name a PLUS configuration or a calib_matrix.csv (--config), or give calibration.probeFromPixel",
    );
  }
  return others;
}

function calibrationOf(
  fixed: readonly FixedTransform[],
  imageName: string,
  imageLagS: number,
): Calibration | undefined {
  const spatial = fixed.find(({ from }) => from === imageName);
  return spatial && { probeFromPixel: spatial.m, imageLagS };
}

function headlineOf(
  recording: Recording,
  frames: TrackedFrames,
  { masks }: BoneMasks,
  surfaces: readonly Surface[],
  volume: BlockVolume | Volume,
  content: VolumeContent,
): Record<string, Figure> {
  const exact = (value: number, unit: string): Figure => ({ value, low: value, high: value, unit });
  const { grid } = volume;
  return {
    "frames.count": exact(frames.count, "1"),
    "frames.total": exact(recording.images?.count ?? 0, "1"),
    "volume.voxels": exact(grid.shape[0] * grid.shape[1] * grid.shape[2], "1"),
    "volume.seenShare": exact(seenShare(volume), "1"),
    ...(content === "gray"
      ? {}
      : {
          "segmentation.framesWithBone": exact(
            masks.filter(({ ridgeConfidence }) => ridgeConfidence.some((c) => c > 0)).length,
            "1",
          ),
          "surface.area": exact(surfaces.reduce((sum, { mesh }) => sum + surfaceArea(mesh), 0) / 100, "cm²"),
        }),
  };
}
