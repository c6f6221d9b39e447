import type { Rng } from "../core/rng.ts";
import type { SurfaceScore, TruthPart } from "../data/report.ts";
import { blockBootstrap, spatialBlocks, type Interval } from "./block-bootstrap.ts";
import type { SurfaceComparison } from "./compare-surfaces.ts";
import { indicesOfPart } from "./completeness.ts";
import { sortSamples, summaryTable } from "./summarise.ts";
import { surfaceScore } from "./surface-score.ts";

/** The figures of a SurfaceScore that one number describes; a threshold's figure ends in its index. */
export const spreadKeys = [
  "assd",
  "meanAccuracy",
  "meanCompleteness",
  "rms",
  "rmsAccuracy",
  "hd95",
  "bias",
  "precision0",
  "precision1",
  "precision2",
  "precision3",
  "coverage0",
  "coverage1",
  "coverage2",
  "coverage3",
  "fScore0",
  "fScore1",
  "fScore2",
  "fScore3",
] as const;
export type SpreadKey = (typeof spreadKeys)[number];

/** 95 % intervals; null where one cannot be made. There is none of HD100: resampling cannot judge an extreme. */
export type SurfaceSpread = Readonly<Record<SpreadKey, Interval | null>>;

export interface SpreadOptions {
  readonly replicates: number;
  readonly blockMm: number;
}

export interface ScoredPart {
  readonly score: SurfaceScore;
  readonly spread: SurfaceSpread;
}

/** Score of one part with the spread that drawing other patches of bone of `blockMm` would give. */
export function scorePart(
  { result, truth }: SurfaceComparison,
  part: TruthPart,
  rng: Rng,
  { replicates, blockMm }: SpreadOptions,
): ScoredPart {
  const chosen = indicesOfPart(truth.reachable, part);
  const a = sortSamples(result.distanceMm),
    b = sortSamples(Float64Array.from(chosen, (i) => truth.distanceMm[i]!));
  const fromA = a.order,
    fromB = Uint32Array.from(b.order, (at) => chosen[at]!);
  const [blocksA, blocksB] = spatialBlocks([pick3(result.positions, fromA), pick3(truth.positions, fromB)], blockMm);
  const count = blocksA!.count,
    tableA = summaryTable(a.samples, weightsOf(result.weights, fromA), blocksA!),
    tableB = summaryTable(b.samples, weightsOf(truth.weights, fromB), blocksB!);
  const signedSums = new Float64Array(count);
  fromA.forEach((i, at) => (signedSums[blocksA!.of[at]!]! += result.weights[i]! * result.signedMm[i]!));

  const scoreOf = (drawn: Readonly<Uint32Array>): SurfaceScore => {
    const sideA = tableA(drawn);
    let signed = 0;
    for (let block = 0; block < count; block++) signed += drawn[block]! * signedSums[block]!;
    return surfaceScore(sideA, tableB(drawn), sideA.weight > 0 ? signed / sideA.weight : null);
  };
  const score = scoreOf(new Uint32Array(count).fill(1));
  const intervals = blockBootstrap(count, replicates, rng, (drawn) => numbersOf(scoreOf(drawn)));
  return {
    score,
    spread: Object.fromEntries(spreadKeys.map((key, k) => [key, intervals[k] ?? null])) as Record<
      SpreadKey,
      Interval | null
    >,
  };
}

const none = [null, null, null, null] as const;

/** In the order of `spreadKeys`. */
export function numbersOf(s: SurfaceScore): readonly (number | null)[] {
  return [
    s.assd,
    s.meanAccuracy,
    s.meanCompleteness,
    s.rms,
    s.rmsAccuracy,
    s.hd95,
    s.bias,
    ...(s.precision ?? none),
    ...(s.coverage ?? none),
    ...(s.fScore ?? none),
  ];
}

const weightsOf = (weights: Readonly<Float64Array>, from: Readonly<Uint32Array>): Float64Array =>
  Float64Array.from(from, (i) => weights[i]!);

function pick3(positions: Readonly<Float64Array>, from: Readonly<Uint32Array>): Float64Array {
  const some = new Float64Array(3 * from.length);
  from.forEach((i, at) => some.set(positions.subarray(3 * i, 3 * i + 3), 3 * at));
  return some;
}
