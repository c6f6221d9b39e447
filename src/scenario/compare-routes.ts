import type { BoneMasks } from "../data/bone-mask.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import type { RouteReport } from "../data/report.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { isosurface } from "../geometry/isosurface.ts";
import { mergeMeshes, type Mesh } from "../geometry/mesh.ts";
import { taubinSmooth } from "../geometry/smooth.ts";
import { mergeTruths, scoreSurface } from "../metrics/score-surface.ts";
import { reconstructionPresets } from "../pipeline/reconstruction/presets.ts";
import { reconstruct } from "../pipeline/reconstruction/reconstruct.ts";
import type { PipelineResult } from "../pipeline/run.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { volumeRoute, volumeRouteDefaults } from "../pipeline/volume-route.ts";

/** Half of the probability's range: where the Segment Editor's threshold is set when nothing else is known. */
const HALF_PROBABILITY = 127.5;
/** Slicer's smoothing factor of 0.5: 20 iterations, pass band 10^(−4 · 0.5) = 0.01 = 1/λ + 1/μ. */
const slicerSmoothing = { passes: 10, lambda: 0.5, mu: 1 / (0.01 - 2) } as const;

type Found = Pick<PipelineResult, "frames" | "masks" | "surfaces">;

/**
 * The same frames and the same bone in them by four ways to a surface, each scored as one bone, whole surface, no fit.
 * `plus` and `slicer` are what their users get from the same probability images: gray volume of 1 mm, threshold at half,
 * closed surface, Slicer's smoothing.
 */
export async function compareRoutes(
  { frames, masks, surfaces }: Found,
  { bones }: GroundTruth,
  { seed, minHits }: { readonly seed: string; readonly minHits: number },
  context: StageContext,
): Promise<RouteReport[]> {
  const truth = mergeTruths(bones);
  const score = (route: RouteReport["route"], mesh: Mesh): RouteReport => {
    const options = { seed, insonifiedFrames: minHits, align: false, vertexErrors: false, replicates: 0 };
    const { assd, hd95, bias, coverage, precision, resultAreaMm2 } = scoreSurface(mesh, truth, options).report.scores.reachable; // prettier-ignore
    return {
      route,
      assdMm: assd,
      hd95Mm: hd95,
      biasMm: bias,
      coverage2mm: coverage?.[2] ?? null,
      precision2mm: precision?.[2] ?? null,
      areaMm2: resultAreaMm2,
    };
  };
  return [
    score("points", mergeMeshes(surfaces.map(({ mesh }) => mesh))),
    score("volume", volumeRoute(frames, masks, volumeRouteDefaults).mesh),
    score("slicer", await thresholdSurface("slicer", frames, masks, context)),
    score("plus", await thresholdSurface("plus", frames, masks, context)),
  ];
}

async function thresholdSurface(
  preset: "plus" | "slicer",
  frames: TrackedFrames,
  { masks }: BoneMasks,
  context: StageContext,
): Promise<Mesh> {
  const read = (frame: number) => {
    const { width, height, probability } = masks[frame]!;
    return { width, height, pixels: probability };
  };
  const { grid, values } = await reconstruct.run({ frames, read }, reconstructionPresets[preset], context);
  return taubinSmooth(isosurface(grid, Float32Array.from(values), HALF_PROBABILITY), slicerSmoothing);
}
