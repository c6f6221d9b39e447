import type { Report } from "../../data/report.ts";
import { configurationTable } from "../configuration.ts";
import { formatFigure, NONE } from "../format.ts";
import { headlineLabel } from "../labels.ts";
import { markup, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { table } from "../tables.ts";

/** All headline figures with their names for programs: some two hundred. */
function allFigures({ headline }: Report): Markup | null {
  const ids = Object.keys(headline);
  if (!ids.length) return null;
  const row = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const { name, scope } = headlineLabel(id);
    return markup`<tr><th scope="row">${name}${scope && markup` <span class="scope">${scope}</span>`}</th><td>${value}</td
><td>${interval || NONE}</td><td class="text">${unit}</td><td class="text"><code>${id}</code></td></tr>`;
  };
  const rows = table(
    "Figures and their names in report.json; a dash where no interval is known",
    markup`<tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">95 % interval</th
><th scope="col" class="text">Unit</th><th scope="col" class="text">Name</th></tr>`,
    markup`<tbody>${ids.map(row)}</tbody>`,
  );
  return markup`<details><summary>${
    ids.length === 1 ? "The figure" : `All ${ids.length} figures`
  } with their names for programs</summary>${rows}</details>`;
}

/** What is looked up, not read: folded away on the screen, and last on paper. */
export const appendixSection = (report: Report): Section => ({
  id: "appendix",
  short: "Everything",
  content: markup`<section id="appendix" class="appendix"><h2>Every figure and every option</h2>${allFigures(report)}
<details><summary>Every option, defaults filled in</summary>${configurationTable(report.configuration)}</details></section>`,
});
