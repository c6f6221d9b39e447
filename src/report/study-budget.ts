import type { ErrorBudget, Squared } from "../data/study.ts";
import { formatNumber, NONE } from "./format.ts";
import { markup, type Markup } from "./markup.ts";
import type { Part } from "./page.ts";
import { table } from "./tables.ts";
import { waterfall } from "./waterfall.ts";

const root = (square: number): string => formatNumber(Math.sign(square) * Math.sqrt(Math.abs(square)), 2);

/** Root of the mean, and of the ends of its interval; a minus stands for a square below zero: noise. */
function cell(value: Squared | null): Markup {
  if (!value) return markup`<td>${NONE}</td>`;
  const { mean, interval } = value;
  const range = interval && `${root(interval[0])} to ${root(interval[1])}`;
  return markup`<td>${root(mean)}${range && markup`<span class="note">${range}</span>`}</td>`;
}

function budgetTable({ all, none, sources, rest }: ErrorBudget, unit: string): Markup {
  const share = ({ mean }: Squared): Markup => markup`<td>${formatNumber((100 * mean) / all.mean, 0)}</td>`;
  const row = (name: string, alone: Squared, missing: Squared | null): Markup =>
    markup`<tr><th scope="row">${name}</th>${cell(alone)}${cell(missing)}${share(alone)}</tr>`;
  return table(
    "Roots of mean differences of squares over the same knees and seeds, with 95 % intervals over knees; below zero: noise",
    markup`<tr><th scope="col" class="text">Source</th><th scope="col">Adds alone, ${unit}</th><th scope="col">Gone from all without it, ${unit}</th><th scope="col">Share of the square of all, %</th></tr>`,
    markup`<tbody>${row("without any source", none, null)}${sources.map(({ name, alone, missing }) => row(name, alone, missing))}${row("not explained", rest, null)}${row("all together", all, null)}</tbody>`,
  );
}

function published({ published, all }: ErrorBudget, unit: string): Markup | null {
  if (!published) return null;
  const { from, to, of, parts } = published;
  const whole = Math.sqrt(all.mean);
  const where = whole < from ? "below" : whole > to ? "above" : "within";
  const words = parts.map(({ name, mm }) => `${name} ${formatNumber(mm, 2)}`).join(", ");
  const sum = Math.hypot(...parts.map(({ mm }) => mm));
  return markup`<p>Published: ${formatNumber(from, 1)} to ${formatNumber(to, 1)} ${unit} (${of}); all together lies ${where} it.${
    parts.length > 0 && ` Its parts: ${words}; in quadrature ${formatNumber(sum, 2)} ${unit}.`
  }</p>`;
}

/** The check that the sources explain the whole, in words. */
function check({ rest, explainedShare }: ErrorBudget, unit: string): Markup {
  const explained = formatNumber(100 * explainedShare, 0);
  const range =
    rest.interval && `${formatNumber(rest.interval[0], 3)} to ${formatNumber(rest.interval[1], 3)} ${unit}²`;
  const verdict = !rest.interval
    ? "too few knees to say whether that is scatter"
    : rest.interval[0] <= 0 && rest.interval[1] >= 0
      ? "which the scatter of knees explains"
      : "more than the scatter of knees explains: the sources act on each other";
  return markup`<p>Check: errors that know nothing of each other add in squares. Here the sum gives ${explained} % of the square of all; ${formatNumber(rest.mean, 3)} ${unit}² is left${range && ` (95 %: ${range})`}, ${verdict}.</p>`;
}

/** Waterfall, table, and the check of the sum. */
export function budgetPart(budget: ErrorBudget, title: string, unit: string): Part {
  const { all, none, sources, published: band } = budget;
  const sum = none.mean + sources.reduce((total, { alone }) => total + alone.mean, 0);
  const plot = waterfall({
    title,
    unit,
    rows: [
      { name: "without any source", square: none.mean, interval: none.interval, isSum: true },
      ...sources.map(({ name, alone }) => ({ name, square: alone.mean, interval: alone.interval, isSum: false })),
      { name: "their sum in quadrature", square: sum, interval: null, isSum: true },
      { name: "measured with all", square: all.mean, interval: all.interval, isSum: true },
    ],
    band: band && { from: band.from, to: band.to, name: "published" },
  });
  return {
    id: "budget",
    short: "Budget",
    heading: "What each source costs",
    content: markup`${plot}${check(budget, unit)}${published(budget, unit)}${budgetTable(budget, unit)}`,
  };
}
