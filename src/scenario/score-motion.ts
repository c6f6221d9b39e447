import { join } from "node:path";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import type { Figure } from "../data/report.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { figure } from "../metrics/headline.ts";
import { poolSweeps, scoreTrajectory, type SweepScore } from "../metrics/trajectory/score-trajectory.ts";
import type { Trajectory } from "../metrics/trajectory/trajectory.ts";
import { constantMotion, standStillMotion } from "../pipeline/pose/null-models.ts";
import { recoverPoses, type RecoveredPoses } from "../pipeline/pose/recover-poses.ts";
import type { RecoverMotion } from "../pipeline/pose/sweep-images.ts";
import { untracked, type FoundBones } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { round, writeJson } from "./result-folder.ts";
import type { Scenario } from "./schema.ts";

interface MotionToScore {
  readonly scenario: Scenario;
  readonly recording: Recording;
  readonly result: FoundBones;
  /** True poses, or those of a tracker where nobody knows the truth. */
  readonly truth: Pick<TrackedFrames, "sourceIndex" | "referenceFromPixel">;
  readonly geometry: ImageGeometry;
  readonly folder: string;
  readonly context: StageContext;
}

/**
 * How well the motion of each sweep was recovered, beside the null models on the same frames; details go to
 * `trajectory.json`. Nothing for a tracked scan, unless its strokes are those by which trackerless methods are judged.
 */
export async function scoreMotion(input: MotionToScore): Promise<Record<string, Figure>> {
  const { scenario, result, folder } = input;
  const { source, pose } = scenario;
  const isJudged = source.kind === "simulated" && source.operator.protocol === "trackerless";
  if (pose.kind === "tracked" && !isJudged) return {};
  const prefix = pose.kind === "tracked" ? "tracked" : "trackerless";
  const sweeps = result.recovered ?? (await asSweeps(input));
  const own = score(input, sweeps, (at) =>
    result.recovered ? recoveredOf(result.recovered, at) : measuredOf(input, sweeps, at),
  );
  const nulls = await Promise.all(
    Object.entries(nullModels).map(async ([name, method]): Promise<[string, readonly SweepScore[]]> => {
      const recovered = await again(input, method);
      return [name, score(input, recovered, (at) => recoveredOf(recovered, at))];
    }),
  );
  await writeJson(join(folder, "trajectory.json"), {
    alignment: "first frame of each sweep; never scaled; ate.se3 alone is fitted to the truth",
    method: pose.kind,
    sweeps: own.map(rounded),
    nullModels: Object.fromEntries(nulls.map(([name, scores]) => [name, scores.map(rounded)])),
  });
  const headline: Record<string, Figure> = {};
  const put = (id: string, scores: readonly SweepScore[], only?: readonly string[]): void => {
    const pooled = poolSweeps(scores, createRng(scenario.seed).fork(`measure/motion/${id}`));
    for (const [name, { value, interval, unit }] of Object.entries(pooled)) {
      if ((!only || only.includes(name)) && Number.isFinite(value)) {
        headline[`${id}.${name}`] = figure(value, interval, unit);
      }
    }
  };
  put(prefix, own);
  for (const [name, scores] of nulls) put(`trackerless.${name}`, scores, ["fdrPath", "score2025", "gpe", "lpe"]);
  return headline;
}

/** The true poses of all images of a simulated scan. */
export const allTrue = ({ referenceFromPixel }: GroundTruth): MotionToScore["truth"] => ({
  sourceIndex: Uint32Array.from({ length: referenceFromPixel.length / 12 }, (_, i) => i),
  referenceFromPixel,
});

/** What the method said of the sweeps, by sweep. */
export function motionWarnings({ recovered }: FoundBones): string[] {
  return (recovered?.sweeps ?? []).flatMap(({ name, warnings }) => warnings.map((said) => `${name}: ${said}`));
}

/** The operator of the protocol means to move at 0.45 mm a frame at 28 frames/s. */
const nullModels: Readonly<Record<string, RecoverMotion>> = {
  standStill: standStillMotion,
  constantMotion: constantMotion(12.6),
};

async function again({ recording, result, context }: MotionToScore, method: RecoverMotion): Promise<RecoveredPoses> {
  const { frames, recovered } = result;
  const tracked = recovered ? { ...frames, referenceFromPixel: recovered.frames.referenceFromPixel } : frames;
  return recoverPoses(untracked(recording, tracked), method, context);
}

/** The frames of a tracked scan, cut into sweeps as the others are. */
const asSweeps = (input: MotionToScore): Promise<RecoveredPoses> => again(input, standStillMotion);

type At = { readonly first: number; readonly count: number };

const recoveredOf = ({ sweeps }: RecoveredPoses, { first }: At): Trajectory => ({
  fromImage: sweeps.find((sweep) => sweep.first === first)!.firstFromImage,
});

/** Measured poses of a sweep; NaN where the tracker gave none. */
function measuredOf({ result, geometry }: MotionToScore, { frames }: RecoveredPoses, { first, count }: At): Trajectory {
  const places = new Map(Array.from(result.frames.sourceIndex, (source, i) => [source, i]));
  const toPixel = invert3x4(imageFromPixel(geometry));
  const fromImage = new Float64Array(12 * count).fill(NaN);
  for (let i = 0; i < count; i++) {
    const place = places.get(frames.sourceIndex[first + i]!);
    if (place === undefined) continue;
    const { referenceFromPixel: m } = result.frames;
    fromImage.set(multiply3x4(m.subarray(12 * place, 12 * place + 12), toPixel), 12 * i);
  }
  return { fromImage };
}

function score(
  { scenario, truth, geometry }: MotionToScore,
  { sweeps, frames }: RecoveredPoses,
  estimateOf: (at: At) => Trajectory,
): SweepScore[] {
  const toPixel = invert3x4(imageFromPixel(geometry));
  const { width, height, spacingMm, faceCentrePx } = geometry;
  const grid = { width, height, spacingMm, offset: [-faceCentrePx[0], -faceCentrePx[1]] as const };
  const rng = createRng(scenario.seed).fork("measure/motion");
  const places = new Map(Array.from(truth.sourceIndex, (source, i) => [source, i]));
  return sweeps.map(({ name, first, count }) => {
    const fromImage = new Float64Array(12 * count).fill(NaN);
    for (let i = 0; i < count; i++) {
      const place = places.get(frames.sourceIndex[first + i]!);
      if (place === undefined) continue;
      const pose = truth.referenceFromPixel.subarray(12 * place, 12 * place + 12);
      fromImage.set(multiply3x4(pose, toPixel), 12 * i);
    }
    const { fromImage: estimate } = estimateOf({ first, count });
    const keep = Array.from({ length: count }, (_, i) => i).filter((i) =>
      Number.isFinite(estimate[12 * i]! + fromImage[12 * i]!),
    );
    const only = (all: Readonly<Float64Array>): Trajectory => ({
      fromImage: Float64Array.from(keep.flatMap((i) => [...all.subarray(12 * i, 12 * i + 12)])),
    });
    return scoreTrajectory({ name, estimate: only(estimate), truth: only(fromImage), grid }, rng);
  });
}

/** Six digits after the point, as in all reports. */
const rounded = (sweep: SweepScore): unknown =>
  JSON.parse(JSON.stringify(sweep), (_, value: unknown) => (typeof value === "number" ? round(value, 6) : value));
