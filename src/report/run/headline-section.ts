import type { Report } from "../../data/report.ts";
import { formatFigure } from "../format.ts";
import { headlineLabel, headlineTiles } from "../labels.ts";
import { markup, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { table } from "../tables.ts";

/** The leading figures as tiles, and all of them with their names. */
export function headlineSection({ headline }: Report): Section | null {
  const ids = Object.keys(headline);
  if (!ids.length) return null;
  const tile = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const { name, scope } = headlineLabel(id);
    return markup`<li class="tile"><span class="name">${name}</span><span class="value">${value}<span class="unit">${unit}</span
></span><span class="interval">${interval && `95 % CI ${interval}`}</span><span class="scope">${scope}</span></li>`;
  };
  const row = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const { name, scope } = headlineLabel(id);
    return markup`<tr><th scope="row">${name}${scope && markup`<span class="note">${scope}</span>`}</th><td>${value}</td
><td>${interval}</td><td class="text">${unit}</td><td class="text"><code>${id}</code></td></tr>`;
  };
  const all = table(
    "Headline figures and their names in report.json",
    markup`<tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">95 % interval</th
><th scope="col" class="text">Unit</th><th scope="col" class="text">Name</th></tr>`,
    markup`<tbody>${ids.map(row)}</tbody>`,
  );
  return {
    id: "headline",
    short: "Figures",
    content: markup`<section class="bare" id="headline" aria-label="Headline figures"><ul class="tiles">${headlineTiles(ids).map(tile)}</ul><details><summary>${ids.length === 1 ? "The figure" : `All ${ids.length} figures`} with the names for programs</summary>${all}</details></section>`,
  };
}
