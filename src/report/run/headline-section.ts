import type { Report } from "../../data/report.ts";
import { formatFigure } from "../format.ts";
import { headlineLabel, headlineTiles } from "../labels.ts";
import { markup, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";

/** The leading figures as tiles. */
export function headlineSection({ headline }: Report): Section | null {
  const ids = Object.keys(headline);
  if (!ids.length) return null;
  const tile = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const { name, scope } = headlineLabel(id);
    return markup`<li class="tile"><span class="name">${name}</span><span class="value">${value}<span class="unit">${unit}</span
></span><span class="interval">${interval && `95 % CI ${interval}`}</span><span class="scope">${scope}</span></li>`;
  };
  return {
    id: "headline",
    short: "Figures",
    content: markup`<section class="bare" id="headline" aria-label="Headline figures"><ul class="tiles">${headlineTiles(ids).map(tile)}</ul></section>`,
  };
}
