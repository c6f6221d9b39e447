import type { Report } from "../../data/report.ts";
import { markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { boneTable, completedTable, regionTable, routesGain, routesTable } from "../tables.ts";

export function accuracySection(report: Report): Section {
  const regions = regionTable(report);
  const content = report.bones.length
    ? markup`<section id="accuracy"><h2>Accuracy by bone and region</h2>${boneTable(report)}
<p class="note">Surface that was invented counts against every row: result to truth is always over the whole result.</p>
${regions}</section>`
    : markup`<section id="accuracy"><h2>Accuracy</h2><p>${
        report.kind === "reconstruct"
          ? "This recording comes without the true bone, so there is nothing to score against."
          : "No bone was scored in this run."
      }</p></section>`;
  return { id: "accuracy", short: "Accuracy", content };
}

export function completedSection(report: Report): Section | null {
  const rows = completedTable(report);
  if (!rows) return null;
  return {
    id: "completed",
    short: "Whole bones",
    content: markup`<section id="completed"><h2>Whole bones</h2><p>What no beam met was filled in from a statistical shape
fitted to the seen sheet. The closed bones lie beside this page as <code>femur-completed.stl</code>,
<code>.ply</code> (with the stated SD of every vertex), <code>.step</code> and so on; all figures above are of the seen sheets alone.</p>
${rows}</section>`,
  };
}

export function routesSection(report: Report): Section | null {
  const rows = routesTable(report);
  if (!rows) return null;
  return {
    id: "routes",
    short: "Other ways",
    content: markup`<section id="routes"><h2>The same sweep by other ways</h2><p>All take the same frames, poses and bone
probability. PLUS and SlicerIGT make a gray volume of 1 mm (mean and maximum, nearest, sticks of 9 in holes); its surface is
taken at half of the probability and smoothed as Slicer's Segment Editor does, which closes it to a shell with two sides.</p>
${routesGain(report) ?? ""}${rows}</section>`,
  };
}
