import { createRng, type Rng } from "../core/rng.ts";
import { mean } from "../core/stats.ts";
import type { Software } from "../data/provenance.ts";
import type { CaseResult, StudyReport, VariantFigure, VariantSummary } from "../data/study.ts";
import {
  components,
  kneesToShow,
  pairedDifferences,
  populationInterval,
  populationMean,
} from "../metrics/population.ts";
import { answerOf, type Compare } from "./answer.ts";
import { cellsOf, numbersOf, type Cells } from "./cells.ts";
import { errorBudget } from "./error-budget.ts";
import type { StudyPlan } from "./plan.ts";
import type { StudyFigure } from "./study-schema.ts";

/** The table of a study. Its random numbers follow from the study's seed, so it is a function of plan and cases. */
export function summariseStudy(plan: StudyPlan, results: readonly CaseResult[], software: Software): StudyReport {
  const { study, variants, reference } = plan;
  const knees = enoughKnees(plan, results);
  const counted = results.filter(({ id }) => knees === null || id.knee < knees);
  const rows = variants.map((_, variant) => summariseVariant(plan, counted, variant, knees ?? study.knees));
  const mainCells = variants.map((_, i) => cellsOf(plan, counted, i, study.figures[0]!.id, knees ?? study.knees));
  const budget = budgetOf(plan, mainCells);
  return {
    schemaVersion: 1,
    name: study.name,
    question: study.question,
    about: study.about,
    software,
    seed: study.seed,
    knees: knees ?? study.knees,
    seedsPerKnee: study.seedsPerKnee,
    stopped:
      knees !== null && knees < study.knees
        ? `After ${knees} of ${study.knees} knees every interval was narrower than ±${study.stop!.halfWidth}.`
        : null,
    reference: variants[reference]!.name,
    variants: rows,
    answer: answerOf({ study, variants: rows, compare: compareBy(mainCells), budget }),
    budget,
    limits: study.limits,
  };
}

const compareBy =
  (cells: readonly Cells[]): Compare =>
  (variant, other) => {
    const differences = pairedDifferences(cells[other]!, cells[variant]!);
    const value = finite(populationMean(differences));
    return value === null ? null : { mean: value, interval: populationInterval(differences, "t", createRng("answer")) };
  };

function budgetOf({ study: { answer }, variants }: StudyPlan, cells: readonly Cells[]): StudyReport["budget"] {
  if (answer.kind !== "budget") return null;
  const budget = errorBudget(variants.map(({ name }, i) => ({ name, cells: cells[i]! })));
  return budget ? { ...budget, published: answer.published ?? null } : null;
}

/** The fewest knees, counted from the first and each whole, by which the study's stop rule holds; null if none. */
export function enoughKnees(plan: StudyPlan, results: readonly CaseResult[]): number | null {
  const { stop, knees: most, seedsPerKnee, figures, seed } = plan.study;
  if (!stop) return null;
  const perKnee = plan.variants.length * seedsPerKnee;
  for (let knees = 1; knees <= most; knees++) {
    if (results.filter(({ id }) => id.knee === knees - 1).length < perKnee) return null;
    if (knees < stop.minKnees) continue;
    const narrow = plan.variants.every((_, variant) => {
      const cells = cellsOf(plan, results, variant, figures[0]!.id, knees);
      const interval = populationInterval(numbersOf(cells), "t", createRng(seed));
      return interval !== null && (interval[1] - interval[0]) / 2 <= stop.halfWidth;
    });
    if (narrow) return knees;
  }
  return null;
}

function summariseVariant(
  plan: StudyPlan,
  results: readonly CaseResult[],
  variant: number,
  knees: number,
): VariantSummary {
  const own = results.filter(({ id }) => id.variant === variant);
  const reasons = new Map<string, number>();
  for (const { outcome } of own) {
    if (outcome.status === "failed") reasons.set(outcome.reason, (reasons.get(outcome.reason) ?? 0) + 1);
  }
  const rng = createRng(plan.study.seed).fork("bootstrap");
  return {
    name: plan.variants[variant]!.name,
    set: plan.variants[variant]!.set,
    cases: own.length,
    failed: [...reasons].map(([reason, count]) => ({ reason, count })),
    figures: plan.study.figures.map((figure) => {
      const cells = cellsOf(plan, results, variant, figure.id, knees);
      const other = variant === plan.reference ? null : cellsOf(plan, results, plan.reference, figure.id, knees);
      return summariseFigure(figure, cells, other, unitOf(results, figure.id), rng.fork(`${figure.id}/${variant}`));
    }),
  };
}

function summariseFigure(
  { id, better, effect }: StudyFigure,
  cells: Cells,
  reference: Cells | null,
  unit: string,
  rng: Rng,
): VariantFigure {
  const values = numbersOf(cells),
    all = values.flat();
  const { betweenKnees, betweenSeeds } = components(values);
  const worse = better === "lower" ? Math.max : Math.min;
  return {
    id,
    unit,
    mean: finite(populationMean(values)),
    interval: populationInterval(values, "t", rng),
    bootstrap: populationInterval(values, "bca", rng.fork("bca")),
    worst: all.length > 0 ? all.reduce((a, b) => worse(a, b)) : null,
    sdBetweenKnees: finite(betweenKnees),
    sdBetweenSeeds: finite(betweenSeeds),
    perKnee: values.map((seeds) => finite(mean(seeds))),
    difference: reference && differenceOf(reference, cells, effect, rng.fork("difference")),
  };
}

function differenceOf(reference: Cells, cells: Cells, effect: number, rng: Rng): VariantFigure["difference"] {
  const differences = pairedDifferences(reference, cells);
  const value = finite(populationMean(differences));
  if (value === null) return null;
  const { betweenKnees, betweenSeeds } = components(differences);
  const seeds = mean(differences.filter((list) => list.length > 0).map((list) => list.length));
  const sd = Math.hypot(finite(betweenKnees) ?? 0, (finite(betweenSeeds) ?? 0) / Math.sqrt(seeds));
  return { mean: value, interval: populationInterval(differences, "t", rng), knees: kneesToShow(effect, sd), effect };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function unitOf(results: readonly CaseResult[], figure: string): string {
  for (const { outcome } of results) {
    const unit = outcome.status === "measured" ? outcome.headline[figure]?.unit : undefined;
    if (unit !== undefined) return unit;
  }
  return "1";
}
