import type { BoneMask, BoneMasks } from "../data/bone-mask.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import type { Report } from "../data/report.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { framePose } from "../data/tracked-frames.ts";
import type { Recording } from "../data/recording.ts";
import type { Surface } from "../data/surface.ts";
import { scoreSurface, scoreTogether } from "../metrics/score-surface.ts";
import { surfacesOf, type PipelineOptions } from "../pipeline/run.ts";
import { drawBand } from "../pipeline/segmentation/draw-band.ts";
import { neuralDefaults } from "../pipeline/segmentation/neural/segment-frame.ts";
import { pixelSizeMm } from "../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../pipeline/stage.ts";

/**
 * What a segmentation without error would say of the frames: the true line of the bone that beams met, at its true depth,
 * surely. Stands outside the pipeline, which never sees it but as masks.
 */
export function oracleMasks(
  frames: TrackedFrames,
  truth: GroundTruth,
  { probability: drawn = "drawn" }: { readonly probability?: "drawn" | "left out" } = {},
): BoneMasks {
  const { width, height } = frames;
  const masks = Array.from(frames.sourceIndex, (source, i): BoneMask => {
    const ridgeRowPx = truth.trueRidge(source).slice(),
      ridgeConfidence = Float32Array.from(ridgeRowPx, (row) => (Number.isNaN(row) ? 0 : 1)),
      ridgeSdPx = ridgeRowPx.map((row) => (Number.isNaN(row) ? NaN : 0));
    const pixelMm = pixelSizeMm(framePose(frames, i));
    const probability =
      drawn === "left out"
        ? new Uint8Array(0)
        : drawBand({ width, height }, ridgeRowPx, ridgeConfidence, pixelMm, neuralDefaults.drawnSigmaMm);
    return { width, height, probability, ridgeRowPx, ridgeConfidence, ridgeSdPx };
  });
  return { masks };
}

/** Scores of all bones together over their reachable part, with the true line in place of the found one. */
export type OracleScore = NonNullable<NonNullable<Report["segmentation"]>["oracle"]>;

/** The surfaces that the same frames, poses and calibration give with the true bone line, scored as the result is. */
export async function scoreOracle(
  frames: TrackedFrames,
  truth: GroundTruth,
  recording: Recording,
  options: PipelineOptions,
  minHits: number,
  context: StageContext,
): Promise<OracleScore> {
  // Surfaces follow from the lines alone; the pictures of all frames would be as large as the found ones.
  const masks = oracleMasks(frames, truth, { probability: "left out" });
  const surfaces = await surfacesOf({ frames, masks }, recording, options, context);
  return scoreAll(surfaces, truth, minHits);
}

const EMPTY = { positions: new Float32Array(), triangles: new Uint32Array() };

function scoreAll(surfaces: readonly Surface[], truth: GroundTruth, minHits: number): OracleScore {
  const options = { seed: "oracle", insonifiedFrames: minHits, replicates: 0, align: false, vertexErrors: false };
  const scored = truth.bones.flatMap((bone) => {
    const surface = surfaces.find((s) => s.bone === bone.name);
    if (!surface && !bone.insonified.some((hits) => hits >= minHits)) return [];
    return [scoreSurface(surface?.mesh ?? EMPTY, bone, { ...options, bone: bone.name })];
  });
  const { assd, hd95, coverage } = scoreTogether(scored, options).report.scores.reachable;
  return { assd, hd95, coverage2mm: coverage?.[2] ?? null };
}
