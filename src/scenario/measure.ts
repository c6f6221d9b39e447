import { createRng } from "../core/rng.ts";
import { mean } from "../core/stats.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { Calibration } from "../data/calibration.ts";
import type { GroundTruth, TrueBone } from "../data/ground-truth.ts";
import type { BoneReport, Figure, Report } from "../data/report.ts";
import type { CaseFigures } from "../data/study.ts";
import type { Surface } from "../data/surface.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { Mesh } from "../geometry/mesh.ts";
import type { Interval } from "../metrics/block-bootstrap.ts";
import { targetErrorInterval } from "../metrics/calibration.ts";
import { figure, surfaceHeadline } from "../metrics/headline.ts";
import { imagePosition, imageRms } from "../metrics/image-position.ts";
import { scoreSurface, scoreTogether, type ScoredBone } from "../metrics/score-surface.ts";
import { scoreSegmentation } from "../metrics/segmentation.ts";
import { thinSamples } from "../metrics/thin-samples.ts";
import type { OracleScore } from "./oracle.ts";

export interface ScoredResult {
  readonly bones: readonly BoneReport[];
  readonly segmentation: Report["segmentation"];
  readonly headline: Record<string, Figure>;
  /** Per scored bone: signed error of each vertex of the result, and each true vertex's distance to the result, mm. */
  readonly vertexErrors: ReadonlyMap<string, { readonly result: Float32Array; readonly truth: Float32Array }>;
  /** See `CaseFigures`; empty unless figures only were asked for. */
  readonly distances: CaseFigures["distances"];
}

export interface Judged {
  readonly frames: TrackedFrames;
  readonly masks: BoneMasks;
  readonly surfaces: readonly Surface[];
  readonly calibration: Calibration;
  /** Standard deviation of the lag's error when it is known, seconds. */
  readonly lagSdS: number;
  /** What the true bone line gives; undefined where the result itself was made with it. */
  readonly oracle: OracleScore | undefined;
  /** Images on the probe that are as likely as the one found; empty where nothing is known of it. */
  readonly likely: readonly Readonly<Float64Array>[];
}

const EMPTY: Mesh = { positions: new Float32Array(), triangles: new Uint32Array() };

export interface Scoring {
  readonly seed: string;
  /** Rays that must have met a triangle for it to be reachable. */
  readonly minHits: number;
  /** Only what the headline needs: no score after alignment, no errors of vertices. */
  readonly figuresOnly?: boolean;
}

/** Scores a result against the truth. Reads both; neither has seen the other before. */
export function measure(
  { frames, masks, surfaces, calibration, lagSdS, oracle, likely }: Judged,
  truth: GroundTruth,
  how: Scoring,
): ScoredResult {
  const rng = createRng(how.seed).fork("measure");
  const { bones, headline, vertexErrors, distances, put } = scoreBones(surfaces, truth.bones, how);

  const pixelMm = Math.hypot(
    frames.referenceFromPixel[1]!,
    frames.referenceFromPixel[5]!,
    frames.referenceFromPixel[9]!,
  );
  const segmentation = scoreSegmentation(
    masks.masks.map(({ ridgeRowPx }, i) => ({
      foundRowPx: ridgeRowPx,
      trueRowPx: truth.trueRidge(frames.sourceIndex[i]!),
    })),
    { pixelMm, rng },
  );
  const reachable = bones.find(({ bone }) => bone === "all")?.scores.reachable;
  if (oracle) {
    put("segmentation.oracle.assd", oracle.assd, null, "mm");
    put("segmentation.oracle.hd95", oracle.hd95, null, "mm");
    put("segmentation.oracle.coverage2mm", oracle.coverage2mm, null, "1");
    if (typeof reachable?.assd === "number" && oracle.assd !== null) {
      put("segmentation.cost.assd", reachable.assd - oracle.assd, null, "mm");
    }
  }
  put("segmentation.meanAbs", segmentation.report.meanAbsMm, segmentation.spread.meanAbsMm, "mm");

  const { width, height } = frames;
  const trueFromPixel = new Float64Array(frames.count * 12);
  frames.sourceIndex.forEach((source, i) =>
    trueFromPixel.set(truth.referenceFromPixel.subarray(source * 12, source * 12 + 12), i * 12),
  );
  const pose = imagePosition.measure(
    { fromPixel: frames.referenceFromPixel, width, height },
    { fromPixel: trueFromPixel, width, height },
  );
  if (pose.status === "measured") {
    const { value, interval } = imageRms(pose, rng);
    put("pose.imageRms", value, interval, "mm");
  }
  const spatial = imagePosition.measure(
    { fromPixel: calibration.probeFromPixel, width, height },
    { fromPixel: truth.calibration.probeFromPixel, width, height },
  );
  const trueImage = { probeFromPixel: truth.calibration.probeFromPixel, width, height };
  if (spatial.status === "measured")
    put("calibration.spatial.tre", mean(spatial.samples), targetErrorInterval(likely, trueImage), "mm");
  const { imageLagS } = calibration;
  put("calibration.temporal.lag", imageLagS, [imageLagS - 1.96 * lagSdS, imageLagS + 1.96 * lagSdS], "s");
  put("frames.count", frames.count, null, "1");

  return {
    bones,
    segmentation: { ...segmentation.report, ...(oracle && { oracle }) },
    headline,
    vertexErrors,
    distances,
  };
}

type Put = (id: string, value: number | null, interval: Interval | null | undefined, unit: string) => void;

/** The surfaces alone. `put` adds further figures to the headline where they can be measured. */
export function scoreBones(
  surfaces: readonly Surface[],
  bones: readonly TrueBone[],
  { seed, minHits, figuresOnly = false }: Scoring,
): Pick<ScoredResult, "bones" | "headline" | "vertexErrors" | "distances"> & { readonly put: Put } {
  const vertexErrors = new Map<string, { readonly result: Float32Array; readonly truth: Float32Array }>();
  const scored = bones
    .map((bone): ScoredBone | undefined => {
      const surface = surfaces.find((s) => s.bone === bone.name);
      // A bone that no beam met and that no result claims is not part of the job (the fibula in most protocols).
      if (!surface && !bone.insonified.some((hits) => hits >= minHits)) return undefined;
      const detail = { align: !figuresOnly, vertexErrors: !figuresOnly };
      const options = { bone: bone.name, seed, insonifiedFrames: minHits, ...detail };
      const score = scoreSurface(surface?.mesh ?? EMPTY, bone, options);
      vertexErrors.set(bone.name, { result: score.vertexErrorMm, truth: score.truthVertexDistanceMm });
      return score;
    })
    .filter((score) => score !== undefined);
  const distances = figuresOnly
    ? scored.map(({ report: { bone }, comparison: { result } }) => ({
        bone,
        mm: thinSamples(result.signedMm, result.weights).map((mm) => Number(mm.toFixed(4))),
      }))
    : [];
  const together = scoreTogether(scored, { seed, insonifiedFrames: minHits });

  const headline: Record<string, Figure> = {};
  const put: Put = (id, value, interval, unit) => {
    if (value !== null && Number.isFinite(value)) headline[id] = figure(value, interval, unit);
  };
  for (const { report, spread } of [together, ...scored]) {
    for (const part of ["reachable", "whole"] as const) {
      Object.assign(headline, surfaceHeadline(`${report.bone}.${part}`, report.scores[part], spread[part]));
    }
  }
  return { bones: [together.report, ...scored.map(({ report }) => report)], headline, vertexErrors, distances, put };
}
