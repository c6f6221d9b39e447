import { extname } from "node:path";
import type { Figure } from "../data/report.ts";
import { isosurface } from "../geometry/isosurface.ts";
import type { Grid } from "../geometry/grid.ts";
import { readVolume, type VolumeFile } from "../io/volume-file.ts";
import { figure, surfaceHeadline } from "../metrics/headline.ts";
import { maskOverlap, type MaskOverlap } from "../metrics/mask-overlap.ts";
import { scoreSurface } from "../metrics/score-surface.ts";
import { UsageError } from "./command.ts";

export const isMask = (path: string): boolean =>
  [".nrrd", ".nhdr", ".mha", ".mhd"].includes(extname(path).toLowerCase());

export interface ScoredMasks {
  readonly headline: Record<string, Figure>;
  readonly score: MaskOverlap;
  readonly warnings: readonly string[];
}

/** Grids that differ by less than this share of a voxel are one. */
const SAME_GRID = 1e-3;

/** Two masks of one grid (voxels that are not 0): overlap, volume, and the distance of their surfaces. */
export async function scoreMasks(resultPath: string, truthPath: string): Promise<ScoredMasks> {
  const [result, truth] = await Promise.all([readVolume(resultPath), readVolume(truthPath)]);
  refuseOtherGrid(result.grid, truth.grid, resultPath, truthPath);
  const score = maskOverlap(result.values, truth.values);
  if (score.truth === 0) throw new UsageError(`${truthPath}: no voxel of the true mask is set`);
  const voxelMm3 = truth.grid.spacingMm.reduce((product, mm) => product * mm, 1);
  const headline: Record<string, Figure> = {};
  const put = (id: string, value: number, unit: string): void => {
    if (Number.isFinite(value)) headline[`mask.${id}`] = figure(value, null, unit);
  };
  for (const id of ["dice", "jaccard", "sensitivity", "precision"] as const) put(id, score[id], "1");
  put("volume", score.result * voxelMm3, "mm³");
  put("volumeDifference", (score.result - score.truth) * voxelMm3, "mm³");
  Object.assign(headline, surfaces(result, truth));
  return { headline, score, warnings: [...result.warnings, ...truth.warnings] };
}

function refuseOtherGrid(a: Grid, b: Grid, resultPath: string, truthPath: string): void {
  const near = (p: readonly number[], q: readonly number[]): boolean =>
    p.every((value, k) => Math.abs(value - q[k]!) <= SAME_GRID * b.spacingMm[k]!);
  if (a.shape.every((n, k) => n === b.shape[k]) && near(a.spacingMm, b.spacingMm) && near(a.originMm, b.originMm))
    return;
  const words = ({ shape, spacingMm, originMm }: Grid): string =>
    `${shape.join(" × ")} voxels of ${spacingMm.join(" × ")} mm from ${originMm.join(", ")}`;
  throw new UsageError(
    `${resultPath} (${words(a)}) and ${truthPath} (${words(b)}) lie on different grids: resample one of them`,
  );
}

/** Masks of a single layer have none. */
function surfaces(result: VolumeFile, truth: VolumeFile): Record<string, Figure> {
  const meshOf = ({ grid, values }: VolumeFile) =>
    isosurface(
      grid,
      Float32Array.from(values, (value) => (value === 0 ? 0 : 1)),
      0.5,
    );
  const mesh = meshOf(truth);
  if (mesh.triangles.length === 0) return {};
  const { report, spread } = scoreSurface(meshOf(result), { mesh }, { align: false, vertexErrors: false });
  return surfaceHeadline("mask.surface", report.scores.whole, spread.whole);
}
