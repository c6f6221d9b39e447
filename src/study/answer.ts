import type { ErrorBudget, VariantFigure, VariantSummary } from "../data/study.ts";
import { formatFigure, formatNumber } from "../report/format.ts";
import { headlineLabel, shareScale } from "../report/labels.ts";
import { signedRoot } from "./error-budget.ts";
import type { Study, StudyFigure } from "./study-schema.ts";

/** How much the first figure of a variant lies above that of another on the same knees and seeds. */
export type Compare = (variant: number, other: number) => Difference | null;

export interface Difference {
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
}

export interface Answerable {
  readonly study: Study;
  readonly variants: readonly VariantSummary[];
  readonly compare: Compare;
  readonly budget: ErrorBudget | null;
}

/** One sentence, composed of what was measured: what stands out of the scatter of knees, and what does not. */
export function answerOf({ study, variants, compare, budget }: Answerable): string {
  const figure = study.figures[0]!;
  const measured = variants.flatMap((variant, index): Candidate[] =>
    mainOf(variant).mean === null ? [] : [{ variant, index }],
  );
  if (measured.length === 0) return "No case was finished: there is no answer yet.";
  const field: Field = { figure, measured, loss: lossBy(figure, compare), unit: unitOf(mainOf(measured[0]!.variant)) };
  switch (study.answer.kind) {
    case "best":
      return bestOf(field);
    case "enough":
      return enoughOf(field, study.answer.within);
    case "budget":
      return budgetOf(budget, field.unit);
  }
}

interface Candidate {
  readonly variant: VariantSummary;
  /** Among all variants of the study. */
  readonly index: number;
}

interface Field {
  readonly figure: StudyFigure;
  readonly measured: readonly Candidate[];
  /** How much worse than another, positive is worse; in the figure's unit. */
  readonly loss: (one: Candidate, other: Candidate) => Difference;
  readonly unit: string;
}

const mainOf = ({ figures }: VariantSummary): VariantFigure => figures[0]!;

const unitOf = ({ id, unit }: VariantFigure): string => (shareScale(id, unit) === 100 ? "%" : unit === "1" ? "" : unit);

function lossBy({ better }: StudyFigure, compare: Compare): Field["loss"] {
  const sign = better === "lower" ? 1 : -1;
  return (one, other) => {
    const found = compare(one.index, other.index);
    const mean = sign * (found?.mean ?? mainOf(one.variant).mean! - mainOf(other.variant).mean!);
    const [a, b] = found?.interval ?? [NaN, NaN];
    return { mean, interval: found?.interval ? (sign > 0 ? [a, b] : [-b, -a]) : null };
  };
}

const byMerit = ({ figure, measured }: Field): Candidate[] => {
  const sign = figure.better === "lower" ? 1 : -1;
  return [...measured].sort((a, b) => sign * (mainOf(a.variant).mean! - mainOf(b.variant).mean!));
};

function quoted({ variant }: Candidate): string {
  const { mean, interval, id, unit } = mainOf(variant);
  const [low, high] = interval ?? [mean!, mean!];
  const text = formatFigure(id, { value: mean!, low, high, unit });
  return `${text.value}${text.unit && ` ${text.unit}`}${text.interval ? ` (95 %: ${text.interval})` : ""}`;
}

/** "0.21 mm (0.10 to 0.32)". */
function amount({ mean, interval }: Difference, { figure, unit, measured }: Field): string {
  const scale = shareScale(figure.id, mainOf(measured[0]!.variant).unit);
  const range = interval && ` (${formatNumber(interval[0] * scale, 2)} to ${formatNumber(interval[1] * scale, 2)})`;
  return `${formatNumber(mean * scale, 2)}${unit && ` ${unit}`}${range ?? ""}`;
}

const nameOf = ({ id }: StudyFigure): string => {
  const { name, scope } = headlineLabel(id);
  const small = name.charAt(0).toLowerCase() + name.slice(1);
  return scope ? `${small} (${scope.charAt(0).toLowerCase()}${scope.slice(1)})` : small;
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** More than these are in the table. */
const NAMED = 4;
const named = (words: readonly string[]): string =>
  words.length > NAMED
    ? `${words.slice(0, NAMED).join(", ")} and ${words.length - NAMED} more (see the table)`
    : listed(words);

function bestOf(field: Field): string {
  const [best, ...others] = byMerit(field) as [Candidate, ...Candidate[]];
  const first = `"${best.variant.name}" is best by ${nameOf(field.figure)}, ${quoted(best)}`;
  const clear: string[] = [],
    open: string[] = [];
  for (const other of others) {
    const loss = field.loss(other, best);
    if (loss.interval && loss.interval[0] > 0) clear.push(`"${other.variant.name}" by ${amount(loss, field)}`);
    else open.push(`"${other.variant.name}" (${amount(loss, field)} worse)`);
  }
  const worse = clear.length > 0 ? `; worse on the same knees: ${named(clear)}` : "";
  const knees = best.variant.figures[0]!.perKnee.filter((value) => value !== null).length;
  const tied = open.length > 0 ? `; not told apart from it on ${knees} knees: ${named(open)}` : "";
  return `${first}${worse}${tied}.`;
}

function enoughOf(field: Field, within: number): string {
  const best = byMerit(field)[0]!;
  const chosen = field.measured.find((one) => one === best || field.loss(one, best).mean <= within)!;
  const before = field.measured[field.measured.indexOf(chosen) - 1];
  const by = `by ${nameOf(field.figure)}: ${quoted(chosen)}`;
  // It has nothing better to be compared with.
  const first =
    chosen === best
      ? `"${chosen.variant.name}" is the best that was tried ${by}; whether it is enough, nothing that was tried can say`
      : `"${chosen.variant.name}" is enough ${by}`;
  const against = chosen === best ? "" : `, ${nearly(field, chosen, best, within)}`;
  return `${first}${against}${before ? `; ${short(field, before, best)}` : ""}.`;
}

function nearly(field: Field, chosen: Candidate, best: Candidate, within: number): string {
  const loss = field.loss(chosen, best),
    scale = shareScale(field.figure.id, mainOf(best.variant).unit);
  const sure = loss.interval !== null && loss.interval[1] <= within;
  const words = `${amount(loss, field)} worse than the best ("${best.variant.name}")`;
  const limit = `${formatNumber(within * scale, 2)}${field.unit && ` ${field.unit}`}`;
  return sure ? `${words}, surely within ${limit}` : `${words}: on the mean within ${limit}, but its interval is not`;
}

function short(field: Field, before: Candidate, best: Candidate): string {
  const loss = field.loss(before, best);
  const clear = loss.interval !== null && loss.interval[0] > 0;
  const words = `"${before.variant.name}" is ${amount(loss, field)} worse than the best`;
  return clear ? words : `${words}, which these knees do not tell from nothing`;
}

function budgetOf(budget: ErrorBudget | null, unit: string): string {
  if (!budget) return 'The error budget needs the variants "all", "none" and "only …", each measured.';
  const root = (square: number): string => formatNumber(signedRoot(square), 2);
  const sources = budget.sources.map(({ name, alone: { mean, interval } }) => {
    if (!interval) return `${name} (${root(mean)} ${unit})`;
    const words = `${root(mean)} ${unit}, ${root(interval[0])} to ${root(interval[1])}`;
    return interval[0] > 0 ? `${name} (${words})` : `${name} (not told from nothing: ${words})`;
  });
  const { rest, explainedShare, published } = budget;
  const check = !rest.interval
    ? "too few knees to say whether the rest is scatter"
    : rest.interval[0] <= 0 && rest.interval[1] >= 0
      ? "the rest is within the scatter of knees"
      : `the rest, ${formatNumber(rest.mean, 2)} ${unit}², is not scatter`;
  const whole = signedRoot(budget.all.mean);
  const band = !published
    ? ""
    : whole < published.from
      ? `, below the published ${published.from} to ${published.to} ${unit}`
      : whole > published.to
        ? `, above the published ${published.from} to ${published.to} ${unit}`
        : `, within the published ${published.from} to ${published.to} ${unit}`;
  return (
    `Alone, the sources cost ${listed(sources)} beyond the ${root(budget.none.mean)} ${unit} that are there without any; ` +
    `all together make ${root(budget.all.mean)} ${unit}${band}, of whose square the sum in quadrature ` +
    `gives ${formatNumber(100 * explainedShare, 0)} % (${check}).`
  );
}
