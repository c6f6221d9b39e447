import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { Figure, Report } from "../data/report.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { renderComparison, type Compared } from "../report/compare-page.ts";
import { compareReports, type Comparison, type FigureChange } from "../report/compare.ts";
import { formatDifference, formatFigure } from "../report/format.ts";
import { headlineLabel, headlineTiles } from "../report/labels.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { readReport } from "./read-report.ts";
import type { Terminal } from "./terminal.ts";
import { checkThresholds } from "./thresholds.ts";

interface CompareOptions extends CommonOptions {
  readonly all?: boolean;
  readonly failIf?: string[];
  readonly out?: string;
}

export function addCompare(program: Command): void {
  program
    .command("compare <reports...>")
    .summary("runs side by side: what was changed, what came of it, and whether that is more than noise")
    .description(
      "Compares result folders (or report.json files) with the first one. A change is beyond noise when it is larger " +
        "than both 95 % intervals together (root of the sum of squares of their halves); the intervals are over patches " +
        "of one surface, so this says nothing of other knees: that is what a study is for. --fail-if reads the last " +
        'report; `<figure>.change` is its difference from the first, as in --fail-if "all.reachable.assd.change > 0.05".',
    )
    .option("--all", "every figure, not only the leading ones and those that changed beyond noise")
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "femur.reachable.assd > 1.2"')
    .option("-o, --out <page.html>", "write it as a page too, with plots and intervals")
    .option("--json", "print one object")
    .action(async (paths: string[], options: CompareOptions) => {
      if (paths.length < 2) throw new UsageError("compare needs two or more result folders or report.json files");
      const terminal = terminalFor(options);
      const reports = await Promise.all(paths.map(readReport));
      const names = namesOf(paths);
      const [first, ...others] = reports as [Report, ...Report[]];
      const comparisons = others.map((other) => compareReports(first, other));
      if (options.out !== undefined) {
        const named = reports.map((report, i) => ({ name: names[i]!, report }));
        const [before, ...after] = named as [Compared, ...Compared[]];
        await writeFileAtomic(options.out, renderComparison({ first: before, others: after, comparisons }));
        terminal.err(`The page: ${resolve(options.out)}`);
      }
      if (options.json) {
        const last = comparisons.at(-1)!;
        terminal.out(JSON.stringify({ headline: withChanges(last), reports: paths, comparisons }, null, 2));
      } else {
        comparisons.forEach((comparison, i) => print(terminal, paths[0]!, paths[i + 1]!, comparison, options));
      }
      checkThresholds(withChanges(comparisons.at(-1)!), options.failIf ?? []);
    });
}

/** The folders' own names where those tell the reports apart, else the paths as they were given. */
function namesOf(paths: readonly string[]): string[] {
  const short = paths.map((path) => {
    const folder = path.endsWith(".json") ? dirname(resolve(path)) : resolve(path);
    return basename(folder);
  });
  return new Set(short).size === short.length ? short : [...paths];
}

/** The figures of the second report, and `<id>.change` beside each that both have. */
function withChanges({ figures }: Comparison): Record<string, Figure> {
  const headline: Record<string, Figure> = {};
  for (const { id, after, change } of figures) {
    if (!after) continue;
    headline[id] = after;
    if (change !== null) headline[`${id}.change`] = { value: change, low: change, high: change, unit: after.unit };
  }
  return headline;
}

function print(terminal: Terminal, from: string, to: string, comparison: Comparison, { all }: CompareOptions): void {
  const { options, figures, seeds, versions, newWarnings } = comparison;
  terminal.out(`\n${from} → ${to}`);
  if (seeds[0] !== seeds[1]) terminal.out(`  another seed: ${seeds[0]} → ${seeds[1]} (another knee, and other noise)`);
  if (versions[0] !== versions[1]) terminal.out(`  another version: ${versions[0]} → ${versions[1]}`);
  terminal.out(options.length ? "  Options that differ" : "  The options are the same");
  for (const { path, before, after } of options) terminal.out(`    ${path}: ${before ?? "–"} → ${after ?? "–"}`);
  const leading = headlineTiles(figures.map(({ id }) => id));
  const shown = all ? figures : figures.filter(({ id, beyondNoise }) => leading.includes(id) || beyondNoise);
  terminal.out("  Figures");
  for (const figure of shown) terminal.out(`    ${line(figure)}`);
  for (const warning of newWarnings) terminal.out(`  new warning: ${warning}`);
}

function line({ id, before, after, change, beyondNoise }: FigureChange): string {
  const { name, scope } = headlineLabel(id);
  const text = (figure: Figure | null): string => {
    if (!figure) return "not measured";
    const { value, unit } = formatFigure(id, figure);
    return unit ? `${value} ${unit}` : value;
  };
  const difference = change === null || !before || !after ? "" : ` (${formatDifference(id, before, after)})`;
  const verdict = beyondNoise ? "beyond noise" : "within noise";
  return `${`${name}${scope ? ` (${scope})` : ""}`.padEnd(58)} ${text(before)} → ${text(after)}${difference}, ${verdict}`;
}
