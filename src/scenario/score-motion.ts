import { join } from "node:path";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import type { Figure, MotionReport } from "../data/report.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { figure } from "../metrics/headline.ts";
import { pathMm } from "../metrics/trajectory/drift.ts";
import { extentOf, poolSweeps, scoreTrajectory, type JudgedSweep, type SweepScore } from "../metrics/trajectory/score-trajectory.ts"; // prettier-ignore
import { centreErrors } from "../metrics/trajectory/stated-errors.ts";
import { frameCount, type Trajectory } from "../metrics/trajectory/trajectory.ts";
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

/** What was measured of the motion of all sweeps: headline figures, and what the page shows of each sweep. */
export interface ScoredMotion {
  readonly headline: Record<string, Figure>;
  readonly motion?: readonly MotionReport[];
}

/**
 * How well the motion of each sweep was recovered, beside the null models on the same frames; details go to
 * `trajectory.json`. Nothing for a tracked scan, unless its strokes are those by which trackerless methods are judged.
 */
export async function scoreMotion(input: MotionToScore): Promise<ScoredMotion> {
  const { scenario, result, folder } = input;
  const { source, pose } = scenario;
  const isJudged = source.kind === "simulated" && source.operator.protocol === "trackerless";
  if (pose.kind === "tracked" && !isJudged) return { headline: {} };
  const prefix = pose.kind === "tracked" ? "tracked" : "trackerless";
  const recovered = result.recovered ?? (await asSweeps(input));
  const ownSweeps = pairUp(input, recovered, (at) =>
    result.recovered ? recoveredOf(result.recovered, at) : measuredOf(input, recovered, at),
  );
  const rng = createRng(scenario.seed).fork("measure/motion");
  const scored = (sweeps: readonly JudgedSweep[]): SweepScore[] => sweeps.map((sweep) => scoreTrajectory(sweep, rng));
  const nullSweeps = await Promise.all(
    Object.entries(nullModels).map(async ([name, method]): Promise<[string, readonly JudgedSweep[]]> => {
      const still = await again(input, method);
      return [name, pairUp(input, still, (at) => recoveredOf(still, at))];
    }),
  );
  const own = scored(ownSweeps),
    nulls = nullSweeps.map(([name, sweeps]): [string, readonly SweepScore[]] => [name, scored(sweeps)]);
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
  const methods = [
    { method: pose.kind as string, sweeps: ownSweeps, scores: own as readonly SweepScore[] },
    ...nulls.map(([name, scores], k) => ({ method: NULL_NAMES[name] ?? name, sweeps: nullSweeps[k]![1], scores })),
  ];
  return { headline, motion: ownSweeps.map((_, i) => motionReport(i, methods)) };
}

const NULL_NAMES: Readonly<Record<string, string>> = { standStill: "stand-still", constantMotion: "constant-motion" };

/** More than a page has columns of pixels for. */
const SHOWN_IMAGES = 160;

/** Sweep `i` of all methods, the first of which is the run's own. */
function motionReport(
  i: number,
  methods: readonly {
    readonly method: string;
    readonly sweeps: readonly JudgedSweep[];
    readonly scores: readonly SweepScore[];
  }[],
): MotionReport {
  const { name, truth, grid, centreSdMm } = methods[0]!.sweeps[i]!,
    { centreMm } = extentOf(grid),
    frames = frameCount(truth);
  const shown = Math.min(frames, SHOWN_IMAGES);
  const at = Array.from({ length: shown }, (_, k) => Math.round((k * (frames - 1)) / Math.max(1, shown - 1)));
  const axis = (of: Readonly<Float64Array>, k: number): number[] => at.map((frame) => of[3 * frame + k]!);
  const byAxis = (of: Readonly<Float64Array>) => ({ lateral: axis(of, 0), axial: axis(of, 1), elevational: axis(of, 2) }); // prettier-ignore
  const errors = methods.map(({ sweeps }) => centreErrors(sweeps[i]!.estimate, truth, centreMm));
  const path = pathMm(truth, centreMm);
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    sweep: name,
    frames,
    pathMm: at.map((frame) => path[frame]!),
    errorMm: byAxis(errors[0]!),
    sdMm: centreSdMm ? byAxis(centreSdMm) : null,
    withinStated: methods[0]!.scores[i]!.stated?.share ?? null,
    methods: methods.map(({ method, scores }, m) => {
      const { tusRec, drift } = scores[i]!;
      return {
        method,
        driftMm: at.map((frame) => Math.hypot(...errors[m]!.subarray(3 * frame, 3 * frame + 3))),
        score2025: known(tusRec.final),
        finalByPath: known(drift.finalByPath),
        gpeMm: known(tusRec.errors.gpe),
        lpeMm: known(tusRec.errors.lpe),
      };
    }),
  };
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

/** Estimate and truth of each sweep, over the frames that have both. */
function pairUp(
  { truth, geometry }: MotionToScore,
  { sweeps, frames }: RecoveredPoses,
  estimateOf: (at: At) => Trajectory,
): JudgedSweep[] {
  const toPixel = invert3x4(imageFromPixel(geometry));
  const { width, height, spacingMm, faceCentrePx } = geometry;
  const grid = { width, height, spacingMm, offset: [-faceCentrePx[0], -faceCentrePx[1]] as const };
  const places = new Map(Array.from(truth.sourceIndex, (source, i) => [source, i]));
  return sweeps.map(({ name, first, count, centreSdMm }) => {
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
    const only = (all: Readonly<Float64Array>, width: number): Float64Array =>
      Float64Array.from(keep.flatMap((i) => [...all.subarray(width * i, width * (i + 1))]));
    return {
      name,
      estimate: { fromImage: only(estimate, 12) },
      truth: { fromImage: only(fromImage, 12) },
      grid,
      // Stated against the sweep's first image; where that has no truth, nothing can be said of them.
      ...(centreSdMm && keep[0] === 0 ? { centreSdMm: only(centreSdMm, 3) } : {}),
    };
  });
}

/** Six digits after the point, as in all reports. */
const rounded = (sweep: SweepScore): unknown =>
  JSON.parse(JSON.stringify(sweep), (_, value: unknown) => (typeof value === "number" ? round(value, 6) : value));
