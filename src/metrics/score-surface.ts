import { createRng, type Rng } from "../core/rng.ts";
import type { BoneReport, SurfaceScore, TruthPart } from "../data/report.ts";
import { closestPointOf, createClosestPoint } from "../geometry/closest-point.ts";
import { icp } from "../geometry/icp.ts";
import {
  mergeMeshes,
  selectTriangles,
  surfaceArea,
  transformMesh,
  triangleCount,
  type Mesh,
} from "../geometry/mesh.ts";
import { sampleSurface } from "../geometry/sample-surface.ts";
import {
  compareDefaults,
  compareSurfaces,
  poolComparisons,
  prepareTruth,
  type CompareOptions,
  type PreparedTruth,
  type SurfaceComparison,
  type TruthSurface,
} from "./compare-surfaces.ts";
import { signedHistogram } from "./histogram.ts";
import { regionScores } from "./regions.ts";
import { scorePart, type ScoredPart, type SpreadOptions, type SurfaceSpread } from "./surface-spread.ts";

export interface ScoreOptions extends CompareOptions, SpreadOptions {
  readonly bone: BoneReport["bone"];
  /** Of the bootstrap's draws; nothing else is random. */
  readonly seed: string;
  /** Also score after rigid ICP on the reachable truth. */
  readonly align: boolean;
  /** Share of the result that ICP leaves out. */
  readonly alignTrim: number;
  /** Also the error of every vertex of both meshes, for coloured pictures. */
  readonly vertexErrors: boolean;
}

export const scoreDefaults: ScoreOptions = {
  ...compareDefaults,
  bone: "bone",
  seed: "score",
  replicates: 400,
  blockMm: 10,
  align: true,
  alignTrim: 0.1,
  vertexErrors: true,
};

export interface ScoredBone {
  readonly report: BoneReport;
  readonly spread: Readonly<Record<TruthPart, SurfaceSpread>>;
  /** Raw samples, for pooling over bones, frames or runs. */
  readonly comparison: SurfaceComparison;
  /** Signed distance to the truth of each vertex of the result, mm; empty unless asked for. */
  readonly vertexErrorMm: Float32Array;
  /** Distance to the result of each vertex of the truth, mm; infinite without a result, empty unless asked for. */
  readonly truthVertexDistanceMm: Float32Array;
  /** Best similarity scale after ICP, > 1: the result is too small. A diagnostic of speed of sound; null without ICP. */
  readonly alignedScale: number | null;
}

const parts: readonly TruthPart[] = ["reachable", "unreachable", "whole"];

/**
 * Scores one reconstructed bone. Both in one frame, mm; nothing is fitted to the truth except in `report.aligned`.
 * An empty or broken result is no error: it scores nothing, covers nothing, and `report.failure` says why.
 */
export function scoreSurface(result: Mesh, truth: TruthSurface, options: Partial<ScoreOptions> = {}): ScoredBone {
  const all: ScoreOptions = { ...scoreDefaults, ...options };
  const rng = createRng(all.seed).fork("metrics/surface");
  const prepared = prepareTruth(truth, all);
  const failure = whyUnusable(result);
  const usable = failure === null ? result : undefined;
  const comparison = compareSurfaces(usable, prepared, all);
  const aligned = usable && all.align ? alignAndScore(usable, prepared, all, rng) : null;
  const { scores, spread } = scoreParts(comparison, rng, all);
  return {
    report: {
      bone: all.bone,
      scores,
      aligned: aligned?.block ?? null,
      regions: truth.region ? regionScores(comparison, truth.regionNames ?? []) : [],
      histogram: signedHistogram(comparison.result.signedMm, comparison.result.weights),
      failure,
    },
    spread,
    comparison,
    vertexErrorMm: all.vertexErrors && usable ? vertexErrors(usable, prepared) : new Float32Array(0),
    truthVertexDistanceMm: all.vertexErrors ? vertexDistances(truth.mesh, usable) : new Float32Array(0),
    alignedScale: aligned?.scale ?? null,
  };
}

/** Pools the raw samples of bones that were scored one by one. A failed bone's true surface stays, uncovered. */
export function scoreTogether(bones: readonly ScoredBone[], options: Partial<ScoreOptions> = {}): ScoredBone {
  const all: ScoreOptions = { ...scoreDefaults, ...options, bone: "all" };
  const comparison = poolComparisons(bones.map((bone) => bone.comparison));
  const rng = createRng(all.seed).fork("metrics/surface/all");
  const { scores, spread } = scoreParts(comparison, rng, all);
  const failed = bones.flatMap(({ report }) => (report.failure === null ? [] : [`${report.bone}: ${report.failure}`]));
  return {
    report: {
      bone: "all",
      scores,
      aligned: null,
      regions: [],
      histogram: signedHistogram(comparison.result.signedMm, comparison.result.weights),
      failure: failed.length > 0 ? failed.join("; ") : null,
    },
    spread,
    comparison,
    vertexErrorMm: new Float32Array(0),
    truthVertexDistanceMm: new Float32Array(0),
    alignedScale: null,
  };
}

function scoreParts(comparison: SurfaceComparison, rng: Rng, options: ScoreOptions) {
  const scored = Object.fromEntries(
    parts.map((part) => [part, scorePart(comparison, part, rng.fork(part), options)]),
  ) as Record<TruthPart, ScoredPart>;
  const each = <T>(of: (part: ScoredPart) => T): Record<TruthPart, T> => ({
    reachable: of(scored.reachable),
    unreachable: of(scored.unreachable),
    whole: of(scored.whole),
  });
  return { scores: each((p) => p.score), spread: each((p) => p.spread) };
}

function whyUnusable(result: Mesh): string | null {
  if (triangleCount(result) === 0) return "no surface was reconstructed";
  for (const v of result.triangles)
    for (let axis = 0; axis < 3; axis++)
      if (!Number.isFinite(result.positions[3 * v + axis]))
        return "the reconstructed surface has a vertex that is not finite";
  if (!(surfaceArea(result) > 0)) return "the reconstructed surface has no area";
  return null;
}

/** ICP needs no more points than this to be exact to micrometres, and its time grows with them. */
const ICP_POINTS = 3000;

function alignAndScore(
  result: Mesh,
  prepared: PreparedTruth,
  options: ScoreOptions,
  rng: Rng,
): { readonly block: NonNullable<BoneReport["aligned"]>; readonly scale: number } | null {
  const { truth, excluded } = prepared;
  const { mesh: target } = selectTriangles(
    truth.mesh,
    (t) => !excluded[t] && (!truth.insonified || truth.insonified[t]! >= options.insonifiedFrames),
  );
  if (!(surfaceArea(target) > 0)) return null;
  const perCm2 = ICP_POINTS / (surfaceArea(result) / 100);
  const { positions } = sampleSurface(result, { perCm2, minimum: ICP_POINTS });
  const fit = icp(positions, createClosestPoint(target), { trim: options.alignTrim });
  if (fit.status === "refused") return null;
  const moved = compareSurfaces(transformMesh(result, fit.transform.m), prepared, options);
  const reachable: SurfaceScore = scorePart(moved, "reachable", rng, { ...options, replicates: 0 }).score;
  return {
    block: { reachable, translationMm: fit.translationMm, rotationDeg: (fit.rotationRad * 180) / Math.PI },
    scale: fit.scale,
  };
}

function vertexErrors(result: Mesh, prepared: PreparedTruth): Float32Array {
  const { positions: p } = result;
  return Float32Array.from({ length: p.length / 3 }, (_, v) => {
    const x = p[3 * v]!,
      y = p[3 * v + 1]!,
      z = p[3 * v + 2]!;
    return Number.isFinite(x + y + z) ? prepared.signedMm(x, y, z).signedMm : NaN;
  });
}

function vertexDistances({ positions: p }: Mesh, result: Mesh | undefined): Float32Array {
  const surface = result ? closestPointOf(result) : undefined;
  return Float32Array.from(
    { length: p.length / 3 },
    (_, v) => surface?.distanceMm(p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!) ?? Infinity,
  );
}

/** One truth of several bones, for a result whose bones are not told apart. Regions are named "bone/region". */
export function mergeTruths(bones: readonly (TruthSurface & { readonly name: string })[]): TruthSurface {
  const insonified: number[] = [],
    region: number[] = [],
    regionNames: string[] = [];
  for (const bone of bones) {
    for (let t = 0; t < triangleCount(bone.mesh); t++) {
      insonified.push(bone.insonified ? bone.insonified[t]! : Infinity);
      region.push(regionNames.length + (bone.region?.[t] ?? 0));
    }
    regionNames.push(...(bone.regionNames ?? ["surface"]).map((name) => `${bone.name}/${name}`));
  }
  return { mesh: mergeMeshes(bones.map((bone) => bone.mesh)), insonified, region, regionNames };
}
