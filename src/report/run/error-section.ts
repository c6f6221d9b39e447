import type { PageData } from "../../data/report-page.ts";
import type { Report } from "../../data/report.ts";
import { markup, type Markup } from "../markup.ts";
import { thresholdTable } from "../tables.ts";

export function errorSection(report: Report, data: PageData): Markup | null {
  if (!data.histograms.length) return null;
  return markup`<section id="errors"><h2>How the error is distributed</h2><figure style="margin:0">
<div data-histogram role="group" aria-label="Histogram of the signed error of each bone; its numbers are in the table below"></div>
<figcaption class="note">Share of the reconstructed surface at each signed distance from the true bone: left of zero inside
the bone, right of it outside. The outermost bars hold all that lies beyond them.</figcaption></figure>
${thresholdTable(report)}</section>`;
}
