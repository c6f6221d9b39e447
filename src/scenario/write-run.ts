import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/log.ts";
import { transformPoint } from "../core/rigid.ts";
import type { Calibration } from "../data/calibration.ts";
import type { GroundTruth, TrueBody } from "../data/ground-truth.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { Software } from "../data/provenance.ts";
import type { Recording } from "../data/recording.ts";
import type { Figure, MotionReport, Report, RouteReport } from "../data/report.ts";
import { framePose, type TrackedFrames } from "../data/tracked-frames.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { encodeMarkups } from "../io/slicer/markups.ts";
import type { VertexScalars } from "../io/mesh/write-mesh.ts";
import { flagSentences } from "../pipeline/segmentation/frame-check.ts";
import type { PipelineResult } from "../pipeline/run.ts";
import { reachableVertices, type ReportAssets, type ReportMesh } from "../report/assets.ts";
import type { ScoredResult } from "./measure.ts";
import { measureCompletion } from "./measure-completion.ts";
import { readFrames } from "./report-assets.ts";
import {
  pipelinePoses,
  removeCompletedBones,
  round,
  roundReport,
  writeBoneStep,
  writeCalibration,
  writeCompletedBone,
  writeFrameSamples,
  writeJson,
  writeResultVolume,
  writeSurface,
  writeTrueBody,
  writeTrueScan,
} from "./result-folder.ts";
import { strokeAt, writeScanTrack } from "./scan-track.ts";
import type { Scenario } from "./schema.ts";
import { writeSlicerScene } from "./slicer-scene.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { usedModels } from "./used-models.ts";

export interface RunOutcome {
  readonly report: Report;
  readonly assets: ReportAssets;
}

/** What the pipeline made of a recording, wherever that came from, and what it was worth. */
export interface FinishedRun {
  readonly kind: Report["kind"];
  readonly scenario: Scenario;
  /** What the report says of how it was made. */
  readonly configuration: unknown;
  readonly software: Software;
  readonly recording: Recording;
  readonly result: PipelineResult;
  readonly calibration: Calibration | undefined;
  readonly geometry: ImageGeometry;
  readonly headline: Readonly<Record<string, Figure>>;
  readonly warnings: readonly string[];
  /** Absent where nobody knows the truth. */
  readonly judged?: {
    readonly truth: TrueBody;
    readonly scored: ScoredResult;
    /** How the images came about; absent where only the body is known. */
    readonly scan?: GroundTruth;
  };
  readonly routes?: readonly RouteReport[];
  readonly motion?: readonly MotionReport[];
}

const NO_ERRORS: ScoredResult["vertexErrors"] = new Map();

/** Leaves in `folder` everything that a run leaves but the page. */
export async function writeRun(
  folder: string,
  run: FinishedRun,
  { watch, log }: { readonly watch: Stopwatch; readonly log: Log },
): Promise<RunOutcome> {
  const { scenario, recording, result, calibration, geometry, judged } = run;
  const { frames, masks, surfaces, volume } = result;
  const errors = judged?.scored.vertexErrors ?? NO_ERRORS,
    truth = judged?.truth;
  log.info("writing the results");
  await mkdir(folder, { recursive: true });
  for (const surface of surfaces) await writeSurface(folder, surface, errors.get(surface.bone)?.result);
  const completion = measureCompletion(
    result.completion.bones,
    truth && { truth, seed: scenario.seed, minHits: scenario.scoring.minHits },
  );
  await removeCompletedBones(folder);
  for (const bone of result.completion.bones) {
    await writeCompletedBone(folder, bone, completion.vertexErrors.get(bone.bone));
  }
  const stepped = [
    ...surfaces,
    ...result.completion.bones.map(({ bone, mesh }) => ({ bone: `${bone}-completed`, mesh })),
  ];
  const withoutStep = (await Promise.all(stepped.map((surface) => writeBoneStep(folder, surface)))).flat();
  await writeResultVolume(folder, volume);
  if (calibration) await writeCalibration(join(folder, "calibration.json"), calibration);
  const timesS = recording.images!.acquiredAtS;
  await writeFileAtomic(join(folder, "poses.csv"), pipelinePoses(frames, timesS, geometry));
  if (result.points.length > 0) {
    const points = result.points.map(({ name, positionMm: [x, y, z] }) => ({
      name,
      positionMm: [-x, -y, z] as const,
    }));
    await writeFileAtomic(join(folder, "landmarks.mrk.json"), encodeMarkups(points));
  }
  const meshes = meshesOf(result, truth, errors, scenario.scoring.minHits);
  if (truth) await writeTrueBody(folder, truth, (bone) => truthScalars(meshes, bone));
  if (judged?.scan) await writeTrueScan(folder, judged.scan, geometry, timesS);
  const samples = await writeFrameSamples(folder, frames, masks, scenario.report.sampleFrames, (index) => ({
    label: recording.sweeps[strokeAt(recording.sweeps, timesS[index]!)]?.name ?? "",
    trueRow: judged?.scan?.trueRidge(index) ?? null,
  }));
  const { track, filmPng } = await writeScanTrack(folder, { frames, masks, timesS, sweeps: recording.sweeps });
  const report = roundReport({
    schemaVersion: 1,
    kind: run.kind,
    title: scenario.name,
    software: run.software,
    seed: scenario.seed,
    headline: { ...run.headline, ...completion.headline },
    configuration: run.configuration,
    bones: judged?.scored.bones ?? [],
    completed: completion.bones,
    ...(run.routes ? { routes: run.routes } : {}),
    ...(run.motion ? { motion: run.motion } : {}),
    segmentation: judged?.scored.segmentation ?? null,
    frames: { total: recording.images!.count, used: frames.count, dropped: frames.dropped, samples },
    models: await usedModels(scenario),
    meshes: [
      ...surfaces.map(({ bone, mesh }) => meshEntry(bone, "result", `${bone}.ply`, mesh.triangles.length)),
      ...(truth?.bones ?? []).map(({ name, mesh }) =>
        meshEntry(name, "truth", `truth/${name}.ply`, mesh.triangles.length),
      ),
    ],
    probePathMm: probePath(frames, geometry),
    notModelled: truth?.notModelled ?? [],
    warnings: [
      ...run.warnings,
      ...flagSentences(masks.masks.map(({ flag }) => flag)),
      ...removedSentences(result),
      ...result.completion.skipped,
      ...withoutStep,
    ],
  } satisfies Report);
  await writeJson(join(folder, "report.json"), report);
  await writeSlicerScene(folder);
  const made = watch.summary(frames.count);
  await writeJson(join(folder, "timing.json"), made);
  const scan = { track, ...(filmPng ? { filmPng } : {}) };
  return { report, assets: { meshes, frames: await readFrames(folder, samples), made, scan } };
}

const meshEntry = (bone: string, role: "result" | "truth", file: string, corners: number) => ({
  bone,
  role,
  file,
  triangles: corners / 3,
});

/** One sentence a reason: how many pieces of surface were removed, and how large they were together. */
function removedSentences({ surfaces }: PipelineResult): string[] {
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

/** Centre of the face at every used frame, to 0.01 mm. */
function probePath(frames: TrackedFrames, { faceCentrePx: [u, v] }: ImageGeometry): number[] {
  return Array.from({ length: frames.count }, (_, i) => transformPoint(framePose(frames, i), u, v, 0))
    .flat()
    .map((value) => round(value, 2));
}

function meshesOf(
  { surfaces }: PipelineResult,
  truth: TrueBody | undefined,
  errors: ScoredResult["vertexErrors"],
  minHits: number,
): ReportMesh[] {
  const withErrors = (values: Float32Array | undefined) => (values?.length ? { errorMm: values } : {});
  return [
    ...surfaces.map(({ bone, mesh, observations, uncertaintyMm }): ReportMesh => ({
      bone,
      role: "result",
      mesh,
      observations,
      ...(uncertaintyMm ? { sdMm: uncertaintyMm } : {}),
      ...withErrors(errors.get(bone)?.result),
    })),
    ...(truth?.bones ?? []).map(({ name, mesh, insonified }): ReportMesh => ({
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
