import type { Made } from "../data/provenance.ts";
import { MOST_KNEES, type StudyReport, type VariantFigure, type VariantSummary } from "../data/study.ts";
import { dotPlot } from "./dot-plot.ts";
import { formatFigure, formatNumber, NONE } from "./format.ts";
import { headlineLabel, shareScale } from "./labels.ts";
import { howToReadSection } from "./how-to-read.ts";
import { markup, type Markup } from "./markup.ts";
import { renderPage, sectionOf, type Part, type Section } from "./page.ts";
import { budgetPart } from "./study-budget.ts";
import { checkoutCommands, provenanceSection, softwareLine } from "./provenance.ts";
import { table } from "./tables.ts";

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
  const text = formatFigure(id, { value: mean, low, high, unit });
  const noise = clear ? "" : ", within noise";
  const needed = knees < MOST_KNEES ? formatNumber(knees, 0) : `more than ${formatNumber(MOST_KNEES, 0)}`;
  return markup`<td>${mean > 0 && "+"}${text.value}${text.interval && markup`<span class="note">${text.interval}${noise}</span>`}<span
 class="note">${needed} ${knees === 1 ? "knee shows" : "knees show"} ${Number((effect * scale).toPrecision(3))}</span></td>`;
}

/** With the digits that the mean has: a single case bears no more. */
function worstCell({ id, unit, mean, interval, worst }: VariantFigure): Markup {
  if (worst === null || mean === null) return markup`<td>${NONE}</td>`;
  const half = interval ? (interval[1] - interval[0]) / 2 : 0;
  return markup`<td>${formatFigure(id, { value: worst, low: worst - half, high: worst + half, unit }).value}</td>`;
}

function casesCell({ cases, failed }: VariantSummary): Markup {
  const count = failed.reduce((sum, { count }) => sum + count, 0);
  return markup`<td>${cases - count} of ${cases}</td>`;
}

function studyTable({ variants, reference }: StudyReport): Markup {
  const figures = variants[0]!.figures;
  const heads = figures.map(({ id, unit }) => {
    const { name, scope } = headlineLabel(id);
    const shown = shareScale(id, unit) === 100 ? "%" : unit === "1" ? "" : unit;
    return markup`<th scope="col">${name}${shown && `, ${shown}`}<span class="note">${scope}</span></th>`;
  });
  return table(
    "Mean over knees with its 95 % interval (Student's t over knees); differences are of the first figure, on the same knees and seeds",
    markup`<tr><th scope="col" class="text">Variant</th>${heads}<th scope="col">Worst case</th><th scope="col">Against "${reference}"</th><th scope="col">Cases done</th></tr>`,
    markup`<tbody>${variants.map(
      (variant) =>
        markup`<tr><th scope="row">${variant.name}</th>${variant.figures.map(figureCell)}${worstCell(variant.figures[0]!)}${differenceCell(variant.figures[0]!)}${casesCell(variant)}</tr>`,
    )}</tbody>`,
  );
}

function failures({ variants }: StudyReport): Part | null {
  const rows = variants.flatMap(({ name, failed }) => failed.map(({ reason, count }) => ({ name, reason, count })));
  if (rows.length === 0) return null;
  return {
    id: "failures",
    short: "Failures",
    heading: "Cases that failed",
    notice: true,
    content: markup`<ul class="plain">${rows.map(
      ({ name, reason, count }) => markup`<li>${name}: ${count === 1 ? "once" : `${count} times`}: ${reason}</li>`,
    )}</ul>`,
  };
}

function limits({ limits, knees }: StudyReport): Section {
  const all = [
    ...limits,
    "Knees, hands, scanners and trackers are simulated: what is not modelled (listed in every run's report) has no part in these figures.",
    ...(knees < 6
      ? [
          "With fewer than six knees a bootstrap interval cannot reach 95 %; Student's assumes knees that scatter normally.",
        ]
      : []),
  ];
  return {
    id: "limits",
    short: "Limits",
    content: markup`<section id="limits"><h2>What this does not say</h2><ul class="plain">${all.map((line) => markup`<li>${line}</li>`)}</ul></section>`,
  };
}

const answerSection = ({ answer, stopped, about }: StudyReport): Section => ({
  id: "answer",
  short: "Answer",
  content: markup`<section id="answer"><h2>The answer</h2><p class="answer">${answer}</p>${
    stopped && markup`<p class="note">${stopped}</p>`
  }${about && markup`<p class="note">${about}</p>`}</section>`,
});

/** Null where the study asks for none. */
export function budgetOf({ budget, variants }: StudyReport): Part | null {
  const { id, unit } = variants[0]!.figures[0]!;
  return budget && budgetPart(budget, headlineLabel(id).name, unit);
}

/** What a dossier shows too: failures, the error budget, plot, table. */
export const studyParts = (report: StudyReport): readonly Part[] =>
  [
    failures(report),
    budgetOf(report),
    {
      id: "variants",
      short: "Plot",
      heading: "Every variant",
      content: markup`${plotOf(report, 0)}<p class="note">Squares: means over knees. Bars: their 95 % intervals. Dots: single knees.</p>`,
    },
    { id: "numbers", short: "Numbers", heading: "The numbers", content: studyTable(report) },
  ].filter((part) => part !== null);

/** One page: the question, the answer, a plot, a table, the limits. A function of its arguments alone; loads nothing. */
export function renderStudy(report: StudyReport, made?: Made): string {
  const { name, question, knees, seedsPerKnee, seed, software, variants } = report;
  return renderPage({
    kicker: "study",
    heading: question,
    title: name,
    facts: `${variants.length} variants on ${knees} knees, ${seedsPerKnee} draws of everything else each · seed ${seed} · ${softwareLine(software)}`,
    sections: [
      answerSection(report),
      ...studyParts(report).map(sectionOf),
      howToReadSection(
        "The answer comes first. In the plot, look whether the bars of two variants lie apart; where they overlap, the column " +
          "of differences in the table says more.",
        ["simulation", "knee", "draw", "kneeInterval", "worst", "paired", "kneesToShow"],
      ),
      limits(report),
      provenanceSection({
        software,
        seed,
        made,
        first: [["Study", name]],
        commands: [...checkoutCommands(software), `npx sonobench study ${name}`],
      }),
    ],
    footer: markup`<p>Simulation is not clinical evidence. The same figures, for programs: study-report.json and table.csv beside this page.</p>`,
  });
}
