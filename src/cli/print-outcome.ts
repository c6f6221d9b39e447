import { join, resolve } from "node:path";
import type { Report } from "../data/report.ts";
import { formatFigure } from "../report/format.ts";
import { headlineLabel, headlineTiles } from "../report/labels.ts";
import type { Terminal } from "./terminal.ts";

/** The headline and where the report lies: to stdout, as one object with --json. */
export function printOutcome(
  terminal: Terminal,
  { headline, frames, warnings }: Report,
  folder: string,
  json: boolean,
): void {
  const page = join(folder, "report.html");
  if (json) {
    terminal.out(
      JSON.stringify({ headline, frames: { total: frames.total, used: frames.used }, warnings, folder, page }, null, 2),
    );
    return;
  }
  terminal.out("");
  const ids = Object.keys(headline);
  const compared = ids.filter((id) => /^volume\.(differing|largest)/.test(id));
  for (const id of new Set([...headlineTiles(ids), ...compared])) {
    const { name, scope } = headlineLabel(id);
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const title = scope ? `${name} (${scope})` : name;
    terminal.out(`  ${title.padEnd(62)} ${value} ${unit}${interval ? `   (95 %: ${interval})` : ""}`);
  }
  terminal.out(`  ${"Frames used".padEnd(62)} ${frames.used} of ${frames.total}`);
  terminal.out(`\nThe report: ${resolve(page)}`);
}
