import type { Figure, Report } from "../data/report.ts";
import type { Comparison, FigureChange } from "./compare.ts";
import { dotPlot } from "./dot-plot.ts";
import { formatDifference, formatFigure, NONE } from "./format.ts";
import { howToReadSection } from "./how-to-read.ts";
import { headlineLabel, headlineTiles, isShare } from "./labels.ts";
import { markup, type Content, type Markup } from "./markup.ts";
import { renderPage, sectionOf, type Part } from "./page.ts";
import { provenanceTable } from "./provenance.ts";
import { table } from "./tables.ts";

/** A report and what to call it: its folder, say. */
export interface Compared {
  readonly name: string;
  readonly report: Report;
}

/** Reports against the first one; `comparisons[i]` is of `others[i]`. */
export interface ComparisonPage {
  readonly first: Compared;
  readonly others: readonly Compared[];
  readonly comparisons: readonly Comparison[];
}

const title = (id: string): string => {
  const { name, scope } = headlineLabel(id);
  return scope ? `${name} (${scope.toLowerCase()})` : name;
};

function sentenceOf({ options, seeds, figures, newWarnings }: Comparison, name: string): string {
  const beyond = figures.filter(({ beyondNoise }) => beyondNoise).length;
  const how =
    options.length === 0
      ? "is made with the same options"
      : `differs in ${options.length} ${options.length === 1 ? "option" : "options"}`;
  const seed = seeds[0] === seeds[1] ? "" : " and in the seed (another knee, and other noise)";
  const warned = newWarnings.length ? ` It has ${newWarnings.length} new ${newWarnings.length === 1 ? "warning" : "warnings"}.` : ""; // prettier-ignore
  return `${name} ${how}${seed}; ${beyond} of ${figures.length} figures ${beyond === 1 ? "changes" : "change"} beyond noise.${warned}`;
}

function summary({ first, others, comparisons }: ComparisonPage): Part {
  return {
    id: "summary",
    short: "In short",
    heading: "In short",
    content: markup`<p>Against ${first.name}:</p><ul class="plain">${comparisons.map(
      (comparison, i) => markup`<li>${sentenceOf(comparison, others[i]!.name)}</li>`,
    )}</ul>`,
  };
}

/** A row of dots a figure of the first page: the reports with their intervals, one below the other. */
function plots({ first, others }: ComparisonPage, ids: readonly string[]): Part {
  const all = [first, ...others];
  const plotOf = (id: string): Content => {
    const unit = all.map(({ report }) => report.headline[id]?.unit).find((found) => found !== undefined) ?? "1";
    const percent = unit === "1" && isShare(id);
    const scale = percent ? 100 : 1;
    return dotPlot({
      title: `${title(id)}${percent ? ", %" : unit === "1" ? "" : `, ${unit}`}`,
      rows: all.map(({ name, report }) => {
        const figure = report.headline[id];
        return {
          name,
          value: figure ? figure.value * scale : null,
          interval: figure && figure.high > figure.low ? [figure.low * scale, figure.high * scale] : null,
          points: [],
        };
      }),
    });
  };
  return {
    id: "plots",
    short: "Side by side",
    heading: "Side by side",
    content: markup`${ids.map(plotOf)}<p class="note">Squares: values. Bars: their 95 % intervals.</p>`,
  };
}

function valueCell(id: string, figure: Figure | null): Markup {
  if (!figure) return markup`<td>${NONE}</td>`;
  const { value, interval, unit } = formatFigure(id, figure);
  return markup`<td>${value}${unit && ` ${unit}`}${interval && markup`<span class="note">${interval}</span>`}</td>`;
}

function changeCells({ id, before, after, change, beyondNoise }: FigureChange): Markup {
  const difference = change === null || !before || !after ? NONE : formatDifference(id, before, after);
  return markup`${valueCell(id, after)}<td>${difference}<span class="note">${beyondNoise ? markup`<strong>beyond noise</strong>` : "within noise"}</span></td>`;
}

function figureTable({ first, others, comparisons }: ComparisonPage, ids: readonly string[]): Markup {
  const changeOf = (comparison: Comparison, id: string): FigureChange =>
    comparison.figures.find((figure) => figure.id === id) ?? {
      id,
      before: first.report.headline[id] ?? null,
      after: null,
      change: null,
      beyondNoise: false,
    };
  return table(
    "Figures with their 95 % intervals, and what changed from the first report",
    markup`<tr><th scope="col">Figure</th><th scope="col">${first.name}</th>${others.map(
      ({ name }) => markup`<th scope="col">${name}</th><th scope="col">Change</th>`,
    )}</tr>`,
    markup`<tbody>${ids.map(
      (id) =>
        markup`<tr><th scope="row">${title(id)}</th>${valueCell(id, first.report.headline[id] ?? null)}${comparisons.map(
          (comparison) => changeCells(changeOf(comparison, id)),
        )}</tr>`,
    )}</tbody>`,
  );
}

function figures(page: ComparisonPage, leading: readonly string[]): Part {
  const all = [...new Set(page.comparisons.flatMap(({ figures }) => figures.map(({ id }) => id)))];
  const beyond = all.filter((id) => page.comparisons.some(({ figures }) => figures.some((f) => f.id === id && f.beyondNoise))); // prettier-ignore
  const folded = (what: string, ids: readonly string[]): Content =>
    ids.length > 0 && markup`<details><summary>${what}</summary>${figureTable(page, ids)}</details>`;
  return {
    id: "figures",
    short: "Figures",
    heading: "Figures",
    content: markup`${figureTable(page, leading)}${folded(`The ${beyond.length} that changed beyond noise`, beyond)}${folded(
      `All ${all.length}`,
      all,
    )}`,
  };
}

function optionsPart({ first, others, comparisons }: ComparisonPage): Part {
  const rows = (i: number): Content => {
    const { options } = comparisons[i]!,
      { name } = others[i]!;
    if (!options.length) return markup`<p>${name}: the options are the same.</p>`;
    return table(
      `Options of ${name} that differ`,
      markup`<tr><th scope="col">Option</th><th scope="col" class="text">${first.name}</th><th scope="col" class="text">${name}</th></tr>`,
      markup`<tbody>${options.map(
        ({ path, before, after }) =>
          markup`<tr><th scope="row"><code>${path}</code></th><td class="text"><code>${before ?? NONE}</code></td><td class="text"><code>${after ?? NONE}</code></td></tr>`,
      )}</tbody>`,
    );
  };
  return { id: "options", short: "Options", heading: "What was changed", content: others.map((_, i) => rows(i)) };
}

function warningsPart({ others, comparisons }: ComparisonPage): Part | null {
  const lines = comparisons.flatMap(({ newWarnings }, i) => newWarnings.map((text) => `${others[i]!.name}: ${text}`));
  if (!lines.length) return null;
  return {
    id: "warnings",
    short: "Warnings",
    heading: "New warnings",
    notice: true,
    content: markup`<ul class="plain">${lines.map((line) => markup`<li>${line}</li>`)}</ul>`,
  };
}

const provenance = ({ first, others }: ComparisonPage): Part => ({
  id: "provenance",
  short: "Provenance",
  heading: "How they were made",
  content: [first, ...others].map(
    ({ name, report: { software, seed, models, title } }) =>
      markup`<h3>${name}</h3>${provenanceTable({ software, seed, models, first: [["Scenario", title]] })}`,
  ),
});

/** One page of reports side by side: plain markup and SVG, nothing loaded. Depends on its argument alone. */
export function renderComparison(page: ComparisonPage): string {
  const { first, others, comparisons } = page;
  const leading = headlineTiles(Object.keys(first.report.headline));
  const sections = [
    summary(page),
    warningsPart(page),
    plots(page, leading),
    figures(page, leading),
    optionsPart(page),
  ].filter((part) => part !== null);
  return renderPage({
    kicker: "comparison",
    heading: `${others.map(({ name }) => name).join(", ")} against ${first.name}`,
    facts: `${others.length + 1} reports · ${comparisons[0]?.figures.length ?? 0} figures each`,
    sections: [
      ...sections.map(sectionOf),
      howToReadSection(
        "Look at what was changed, then at the bars: where those of two reports lie apart, the change is more than another " +
          "patch of the same surface would have given.",
        ["beyondNoise", "surfaceInterval", "simulation"],
      ),
      sectionOf(provenance(page)),
    ],
    footer: markup`<p>Simulation is not clinical evidence. One knee each: whether a change holds for knees in general, a study tells.</p>`,
  });
}
