import type { Report } from "../../data/report.ts";
import type { ReportAssets } from "../assets.ts";
import { markup } from "../markup.ts";
import { nextSteps } from "../next-steps.ts";
import type { Section } from "../page.ts";

/** What to do next, by the report's own figures. */
export function nextSection(report: Report, { meshes }: ReportAssets): Section {
  const steps = nextSteps(report, meshes);
  return {
    id: "next",
    short: "What next",
    content: markup`<section id="next"><h2>What to do next</h2><ul class="plain">${steps.map(
      (step) => markup`<li>${step}</li>`,
    )}</ul></section>`,
  };
}
