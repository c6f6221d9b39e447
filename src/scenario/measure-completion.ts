import { createRng } from "../core/rng.ts";
import { percentile } from "../core/stats.ts";
import type { CompletedBone } from "../data/completed-bone.ts";
import type { TrueBody } from "../data/ground-truth.ts";
import type { CompletedBoneReport, Figure } from "../data/report.ts";
import { checkPrintable } from "../geometry/printable.ts";
import { figure } from "../metrics/headline.ts";
import {
  completionFigures,
  type CompletionFigures,
  completionParts,
  type CompletionSamples,
  poolCompletions,
  scoreCompletion,
} from "../metrics/score-completion.ts";

export interface MeasuredCompletion {
  readonly bones: readonly CompletedBoneReport[];
  readonly headline: Readonly<Record<string, Figure>>;
  /** Signed error of each vertex, mm, by bone. */
  readonly vertexErrors: ReadonlyMap<string, Float32Array>;
}

interface JudgedBy {
  readonly truth: TrueBody;
  readonly seed: string;
  readonly minHits: number;
}

/** What completed bones are like, and without a truth how far they say that they may be off. */
export function measureCompletion(
  completed: readonly CompletedBone[],
  judgedBy: JudgedBy | undefined,
): MeasuredCompletion {
  const headline: Record<string, Figure> = {},
    vertexErrors = new Map<string, Float32Array>(),
    samples: CompletionSamples[] = [];
  const bones = completed.map((result): CompletedBoneReport => {
    const common = { bone: result.bone, statedSdMm: statedSd(result), print: printFacts(result) };
    const truth = judgedBy?.truth.bones.find(({ name }) => name === result.bone);
    if (!judgedBy || !truth) return { ...common, rmsMm: null, unseenP95Mm: null, withinStated: null };
    const score = scoreCompletion(result, truth, { insonifiedFrames: judgedBy.minHits });
    samples.push(score.samples);
    vertexErrors.set(result.bone, score.vertexErrorMm);
    const figures = allParts(score.samples, judgedBy.seed, result.bone);
    Object.assign(headline, headlineOf(result.bone, figures));
    const { seen, unseen, whole } = figures;
    return {
      ...common,
      rmsMm: { seen: seen.rmsMm, unseen: unseen.rmsMm, whole: whole.rmsMm },
      unseenP95Mm: unseen.p95Mm,
      withinStated: score.withinStated,
    };
  });
  const together =
    judgedBy && samples.length > 0 ? headlineOf("all", allParts(poolCompletions(samples), judgedBy.seed, "all")) : {};
  return { bones, headline: { ...together, ...headline }, vertexErrors };
}

type Parts = Readonly<Record<(typeof completionParts)[number], CompletionFigures>>;

function allParts(samples: CompletionSamples, seed: string, bone: string): Parts {
  const rng = createRng(seed).fork(`measure/completion/${bone}`);
  return {
    seen: completionFigures(samples, "seen", rng),
    unseen: completionFigures(samples, "unseen", rng),
    whole: completionFigures(samples, "whole", rng),
  };
}

function headlineOf(bone: string, parts: Parts): Record<string, Figure> {
  return Object.fromEntries(
    completionParts.flatMap((part) => {
      const { rmsMm, interval } = parts[part];
      return rmsMm === null ? [] : [[`${bone}.completed.${part}Rms`, figure(rmsMm, interval, "mm")]];
    }),
  );
}

const statedSd = ({ uncertaintyMm }: CompletedBone): [number, number] => [
  percentile(uncertaintyMm, 0.5),
  percentile(uncertaintyMm, 0.95),
];

function printFacts({ mesh }: CompletedBone): CompletedBoneReport["print"] {
  const { closed, crossings, sizeMm, volumeMm3, minWallMm, wall1PercentMm } = checkPrintable(mesh);
  return { closed, crossings, sizeMm, volumeMm3, minWallMm, wall1PercentMm };
}
