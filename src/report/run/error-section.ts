import type { PageData } from "../../data/report-page.ts";
import type { Report } from "../../data/report.ts";
import { markup, type Markup } from "../markup.ts";
import { thresholdTable } from "../tables.ts";

export function errorSection(report: Report, data: PageData): Markup | null {
  if (!data.histograms.length) return null;
  return markup`<section id="errors"><h2>How the error is distributed</h2><figure style="margin:0">
<div data-histogram role="img" aria-label="Histogram of the signed error of each bone; its numbers are in the table below"></div>
<figcaption class="note">Share of the reconstructed surface at each signed distance from the true bone: left of zero inside
the bone, right of it outside. The outermost bars hold all that lies beyond them.</figcaption></figure>
${thresholdTable(report)}</section>`;
}

const definitions: readonly (readonly [string, string])[] = [
  [
    "Signed error",
    "distance from a point of the reconstructed surface to the nearest point of the true bone; positive outside.",
  ],
  ["ASSD", "mean distance between the two surfaces, both ways, weighted by area."],
  ["HD95", "the larger of the two one-way distances that 95 % of a surface stays below."],
  ["Bias", "mean signed error: a surface that lies too far out everywhere has a bias and little else."],
  ["Covered", "share of the true surface that has reconstructed surface within the distance given."],
  [
    "Reachable",
    "true bone that the beam met unshadowed, in depth and not too steeply. What no beam met cannot be measured.",
  ],
  [
    "After rigid ICP",
    "the result moved as a whole onto the truth first: shape alone. Headline figures are never moved.",
  ],
  [
    "95 % CI",
    "the 95 % interval: how far the figure could move had other parts of the surface or other frames been sampled.",
  ],
];

export const howToRead = markup`<section id="how-to-read"><h2>How to read this</h2><dl>${definitions.map(
  ([term, meaning]) => markup`<dt>${term}</dt><dd>${meaning}</dd>`,
)}</dl></section>`;
