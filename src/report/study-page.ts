import { MOST_KNEES, type StudyReport, type VariantFigure, type VariantSummary } from "../data/study.ts";
import { dotPlot } from "./dot-plot.ts";
import { formatFigure, formatNumber, NONE } from "./format.ts";
import { headlineLabel, isShare } from "./labels.ts";
import { markup, Markup, type Content } from "./markup.ts";
import { style } from "./style.ts";
import { table } from "./tables.ts";

/** Of the plot; the rest is the style of every page. */
const plotStyle = `svg.dots{width:100%;min-width:620px;height:auto;display:block}
svg.dots text{fill:var(--ink);font-size:14px}svg.dots .scale{fill:var(--soft);font-size:12px}
svg.dots .grid{stroke:var(--line)}svg.dots .mark{stroke:var(--warn-line);stroke-dasharray:5 4}
svg.dots .point{fill:var(--soft);opacity:.55}svg.dots .interval{stroke:var(--accent);stroke-width:3}
svg.dots .mean{fill:var(--accent)}main{padding-top:1rem}p.answer{font-size:1.25rem;line-height:1.45;margin:.2rem 0 .4rem}`;

const shareScale = (id: string, unit: string): number => (unit === "1" && isShare(id) ? 100 : 1);

function plotOf({ variants }: StudyReport, index: number): Markup {
  const { id, unit } = variants[0]!.figures[index]!,
    scale = shareScale(id, unit);
  const { name, scope } = headlineLabel(id);
  const shownUnit = scale === 100 ? "%" : unit === "1" ? "" : unit;
  return dotPlot({
    title: `${name}${scope ? ` (${scope.toLowerCase()})` : ""}${shownUnit ? `, ${shownUnit}` : ""}`,
    rows: variants.map(({ name, figures }) => {
      const { mean, interval, perKnee } = figures[index]!;
      return {
        name,
        value: mean === null ? null : mean * scale,
        interval: interval && [interval[0] * scale, interval[1] * scale],
        points: perKnee.filter((value) => value !== null).map((value) => value * scale),
      };
    }),
  });
}

function figureCell({ id, unit, mean, interval }: VariantFigure): Markup {
  if (mean === null) return markup`<td>${NONE}</td>`;
  const [low, high] = interval ?? [mean, mean];
  const text = formatFigure(id, { value: mean, low, high, unit });
  return markup`<td>${text.value}${text.interval && markup`<span class="note">${text.interval}</span>`}</td>`;
}

function differenceCell({ id, unit, difference }: VariantFigure): Markup {
  if (!difference) return markup`<td>${NONE}</td>`;
  const { mean, interval, knees, effect } = difference,
    scale = shareScale(id, unit);
  const [low, high] = interval ?? [mean, mean];
  const clear = interval !== null && (low > 0 || high < 0);
  const sign = mean > 0 ? "+" : "";
  const range = interval && `${formatNumber(low * scale, 2)} to ${formatNumber(high * scale, 2)}`;
  return markup`<td>${sign}${formatNumber(mean * scale, 2)}${range && markup`<span class="note">${range}${!clear && ", within noise"}</span>`}<span
 class="note">${knees < MOST_KNEES ? `${knees} knees show` : `more than ${formatNumber(MOST_KNEES, 0)} knees to show`} ${formatNumber(effect * scale, 2)}</span></td>`;
}

function casesCell({ cases, failed }: VariantSummary): Markup {
  const count = failed.reduce((sum, { count }) => sum + count, 0);
  return markup`<td>${cases - count} of ${cases}</td>`;
}

function studyTable({
  variants,
  reference,
  figures,
}: {
  readonly variants: StudyReport["variants"];
  readonly reference: string;
  readonly figures: readonly VariantFigure[];
}): Markup {
  const heads = figures.map(({ id, unit }) => {
    const { name, scope } = headlineLabel(id);
    const shown = shareScale(id, unit) === 100 ? "%" : unit === "1" ? "" : unit;
    return markup`<th scope="col">${name}${shown && `, ${shown}`}<span class="note">${scope}</span></th>`;
  });
  const main = figures[0]!;
  return table(
    "Mean over knees with its 95 % interval (Student's t over knees); differences are of the first figure, on the same knees and seeds",
    markup`<tr><th scope="col" class="text">Variant</th>${heads}<th scope="col">Worst case</th><th scope="col">Against "${reference}"</th><th scope="col">Cases done</th></tr>`,
    markup`<tbody>${variants.map(
      (variant) =>
        markup`<tr><th scope="row">${variant.name}</th>${variant.figures.map(figureCell)}<td>${
          variant.figures[0]!.worst === null
            ? NONE
            : formatNumber(variant.figures[0]!.worst * shareScale(main.id, main.unit), 2)
        }</td>${differenceCell(variant.figures[0]!)}${casesCell(variant)}</tr>`,
    )}</tbody>`,
  );
}

function failures({ variants }: StudyReport): Content {
  const rows = variants.flatMap(({ name, failed }) => failed.map(({ reason, count }) => ({ name, reason, count })));
  if (rows.length === 0) return null;
  return markup`<section class="notice" aria-label="Failed cases"><h2>Cases that failed</h2><ul class="plain">${rows.map(
    ({ name, reason, count }) => markup`<li>${name}: ${count === 1 ? "once" : `${count} times`}: ${reason}</li>`,
  )}</ul></section>`;
}

/** One page: the question, the answer, a plot, a table, the limits. A function of the report alone; loads nothing. */
export function renderStudy(report: StudyReport): string {
  const { question, answer, about, knees, seedsPerKnee, seed, software, stopped, limits, variants, reference } = report;
  const facts = `${variants.length} variants on ${knees} knees, ${seedsPerKnee} draws of everything else each · seed ${seed} · ${software.name} ${software.version}`;
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${report.name} · SonoBench study</title>
<style>${new Markup(style)}${new Markup(plotStyle)}</style></head><body><a class="skip" href="#main">Skip to the answer</a>
<header class="top"><p class="kicker">SonoBench study</p><h1>${question}</h1><p class="facts">${facts}</p></header><main id="main">
<section><h2>The answer</h2><p class="answer">${answer}</p>${stopped && markup`<p class="note">${stopped}</p>`}${
    about && markup`<p class="note">${about}</p>`
  }</section>${failures(report)}
<section><h2>Every variant</h2>${plotOf(report, 0)}<p class="note">Squares: means over knees. Bars: their 95 % intervals. Dots: single knees.</p></section>
<section><h2>The numbers</h2>${studyTable({ variants, reference, figures: variants[0]!.figures })}</section>
<section><h2>What this does not say</h2><ul>${[
    ...limits,
    "Knees, hands, scanners and trackers are simulated: what is not modelled (listed in every run's report) has no part in these figures.",
    knees < 6
      ? "With fewer than six knees a bootstrap interval cannot reach 95 %; Student's assumes knees that scatter normally."
      : null,
  ]
    .filter((line) => line !== null)
    .map((line) => markup`<li>${line}</li>`)}</ul></section></main>
<footer><p>Simulation is not clinical evidence. The same figures, for programs: study-report.json and table.csv beside this page.</p></footer></body></html>
`.text;
}
