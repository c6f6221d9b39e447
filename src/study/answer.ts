import type { VariantFigure, VariantSummary } from "../data/study.ts";
import { formatFigure } from "../report/format.ts";
import { headlineLabel } from "../report/labels.ts";
import { errorBudget } from "./error-budget.ts";
import type { Study, StudyFigure } from "./study-schema.ts";

/** One sentence or two, composed of what was measured. */
export function answerOf(study: Study, variants: readonly VariantSummary[], reference: number): string {
  const figure = study.figures[0]!;
  const measured = variants.filter((variant) => mainOf(variant).mean !== null);
  if (measured.length === 0) return "No case was finished: there is no answer yet.";
  switch (study.answer.kind) {
    case "best":
      return bestOf(figure, measured);
    case "enough":
      return enoughOf(figure, measured, study.answer.within);
    case "budget":
      return budgetOf(variants, reference);
  }
}

const mainOf = ({ figures }: VariantSummary): VariantFigure => figures[0]!;
const meanOf = (variant: VariantSummary): number => mainOf(variant).mean!;

/** How much worse than the best, positive is worse. */
function loss({ better }: StudyFigure, variant: VariantSummary, best: VariantSummary): number {
  return (better === "lower" ? 1 : -1) * (meanOf(variant) - meanOf(best));
}

function byMerit(figure: StudyFigure, variants: readonly VariantSummary[]): VariantSummary[] {
  return [...variants].sort((a, b) => loss(figure, a, b));
}

function quoted({ mean, interval, id, unit }: VariantFigure): string {
  const [low, high] = interval ?? [mean!, mean!];
  const text = formatFigure(id, { value: mean!, low, high, unit });
  return `${text.value}${text.unit === "%" ? " " : " "}${text.unit}${text.interval ? ` (95 %: ${text.interval})` : ""}`;
}

const nameOf = ({ id }: StudyFigure): string => {
  const { name } = headlineLabel(id);
  return name.charAt(0).toLowerCase() + name.slice(1);
};

function bestOf(figure: StudyFigure, variants: readonly VariantSummary[]): string {
  const [best, ...others] = byMerit(figure, variants) as [VariantSummary, ...VariantSummary[]];
  const first = `By ${nameOf(figure)} "${best.name}" is best: ${quoted(mainOf(best))}`;
  if (others.length === 0) return `${first}.`;
  const rest = others.slice(0, 4).map((other) => `"${other.name}" ${quoted(mainOf(other))}`);
  const more = others.length > 4 ? `, and ${others.length - 4} more` : "";
  return `${first}; then ${rest.join(", ")}${more}.${tied(figure, best, others)}`;
}

/** Intervals of two means that overlap say little; paired differences from the reference say more, in the table. */
function tied(figure: StudyFigure, best: VariantSummary, others: readonly VariantSummary[]): string {
  const close = others.filter((other) => loss(figure, other, best) < figure.effect);
  if (close.length === 0) return "";
  const names = close.map(({ name }) => `"${name}"`).join(", ");
  return ` Within ${figure.effect} ${mainOf(best).unit} of it, less than matters: ${names}.`;
}

function enoughOf(figure: StudyFigure, variants: readonly VariantSummary[], within: number): string {
  const best = byMerit(figure, variants)[0]!;
  const enough = variants.find((variant) => loss(figure, variant, best) <= within)!;
  const before = variants[variants.indexOf(enough) - 1];
  const { unit } = mainOf(best);
  const first = `"${enough.name}" is enough: ${nameOf(figure)} ${quoted(mainOf(enough))}`;
  const against =
    enough === best
      ? ", the best that was tried"
      : `, within ${within} ${unit} of the best ("${best.name}", ${quoted(mainOf(best))})`;
  return `${first}${against}${before ? `; "${before.name}" gives ${quoted(mainOf(before))}` : ""}.`;
}

function budgetOf(variants: readonly VariantSummary[], reference: number): string {
  const budget = errorBudget(variants, reference);
  if (!budget) return 'The error budget needs the variants "all", "none" and "only …", each measured.';
  const { unit } = mainOf(variants[reference]!);
  const shown = budget.sources.slice(0, 3).map(({ name, alone }) => `${name} (${alone.toFixed(2)} ${unit})`);
  const share = Math.round(100 * budget.explainedShare);
  return (
    `Most of the error comes from ${shown.join(", ")}. With every source together it is ${budget.all.toFixed(2)} ${unit}; ` +
    `the sources in quadrature, on top of ${budget.none.toFixed(2)} ${unit} without any, explain ${share} % of its square.`
  );
}
