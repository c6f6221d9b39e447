import type { Report } from "../../data/report.ts";
import type { ReportAssets } from "../assets.ts";
import { frameGallery } from "../frames.ts";
import { markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { checkoutCommands, provenanceSection } from "../provenance.ts";
import { droppedTable, segmentationCostTable, segmentationTable } from "../tables.ts";

export function warningSection(report: Report, { missing = [] }: ReportAssets): Section | null {
  const warnings = [...missing, ...report.warnings];
  if (!warnings.length) return null;
  const [only] = warnings;
  return {
    id: "warnings",
    short: "Warnings",
    content: markup`<section class="notice" id="warnings" aria-label="Warnings">${
      warnings.length === 1
        ? markup`<p><strong>Warning:</strong> ${only}</p>`
        : markup`<h2>${warnings.length} warnings</h2><ul class="plain">${warnings.map((text) => markup`<li>${text}</li>`)}</ul>`
    }</section>`,
  };
}

export function framesSection(report: Report, assets: ReportAssets): Section | null {
  const { samples } = report.frames;
  const scores = segmentationTable(report);
  const dropped = droppedTable(report),
    cost = segmentationCostTable(report);
  if (!samples.length && !scores && !dropped && !cost) return null;
  return {
    id: "frames",
    short: "Images",
    content: markup`<section id="frames"><h2>Ultrasound images</h2>${samples.length > 0 && frameGallery(samples, assets)}
${scores}${cost}${dropped}</section>`,
  };
}

export function limitsSection({ notModelled, kind }: Report): Section | null {
  if (!notModelled.length) return null;
  return {
    id: "limits",
    short: "Not modelled",
    content: markup`<section id="limits"><h2>What was not modelled</h2>
${kind === "run" && markup`<p>The images and poses of this run are simulated. These effects of a real scan are missing from them:</p>`}
<ul class="plain">${notModelled.map((text) => markup`<li>${text}</li>`)}</ul></section>`,
  };
}

/** What somebody else needs to make the same again. */
export function madeSection(report: Report, { made }: ReportAssets): Section {
  const { software, seed, models, kind, title } = report;
  // A title from elsewhere is no word for a shell.
  const typed = kind === "run" && seed !== null && [title, seed].every((word) => /^[\w./ -]+$/.test(word));
  const commands = typed
    ? [...checkoutCommands(software), `npx sonobench run scenarios/${title}.yaml --seed "${seed}"`]
    : [];
  return provenanceSection({ software, seed, models, made, commands, first: [["Scenario", title]] });
}
