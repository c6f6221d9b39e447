import { pageDataId } from "../data/report-page.ts";
import type { Report } from "../data/report.ts";
import { pageData, type ReportAssets } from "./assets.ts";
import { formatCount } from "./format.ts";
import { embeddedJson, embeddedScript, markup } from "./markup.ts";
import { howToReadSection } from "./how-to-read.ts";
import { renderPage, type Section } from "./page.ts";
import { softwareLine } from "./provenance.ts";
import { accuracySection, completedSection, routesSection } from "./run/accuracy-sections.ts";
import { appendixSection } from "./run/appendix-section.ts";
import { errorSection } from "./run/error-section.ts";
import { headlineSection } from "./run/headline-section.ts";
import { motionSection } from "./run/motion-section.ts";
import { nextSection } from "./run/next-section.ts";
import { framesSection, limitsSection, madeSection, warningSection } from "./run/other-sections.ts";
import { viewSection } from "./run/view-section.ts";
import { viewStyle } from "./run/view-style.ts";

/** Source text of the two programs that the page carries: plotly-cartesian.min.js and the bundle of src/viewer/report-app.ts. */
export interface ReportScripts {
  readonly plotly: string;
  readonly app: string;
}

function facts({ software, seed, frames }: Report): string {
  return [
    `${formatCount(frames.used)} of ${formatCount(frames.total)} frames used`,
    seed === null ? null : `seed ${seed}`,
    softwareLine(software),
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}

const disclaimer = (kind: Report["kind"]): string =>
  kind === "run"
    ? "Simulation is not clinical evidence: it shows what the method does with the errors that were modelled."
    : "For research. Not a medical device.";

const runHelp = ({ bones }: Report): Section =>
  bones.length
    ? howToReadSection(
        "The tiles on top are the result; each has its interval below it. Then look at the bone: blue lies inside the true " +
          "bone, red outside. Gray bone that nobody reached is no error, but it is missing.",
        ["signedError", "assd", "hd95", "bias", "covered", "reachable", "icp", "surfaceInterval"],
      )
    : howToReadSection(
        "Nobody knows the true bone of this recording, so no figure here is an error. Look at the surface and at the images: " +
          "does the line follow the bone that you see?",
        ["surfaceInterval"],
      );

/**
 * One page that carries everything it shows and loads nothing: pictures and figures are plain markup, the 3D view and
 * the charts are drawn by the embedded scripts. Depends on its arguments alone.
 */
export function renderReport(report: Report, assets: ReportAssets, scripts: ReportScripts): string {
  const data = pageData(report, assets);
  const errors = errorSection(report, data);
  const help = runHelp(report);
  return renderPage({
    kicker: report.kind === "run" ? "run" : "reconstruction",
    heading: report.title,
    facts: facts(report),
    sections: [
      headlineSection(report),
      nextSection(report, assets),
      warningSection(report, assets),
      viewSection(report, data),
      errors && { id: "errors", short: "Errors", content: markup`<div class="pair">${errors}${help.content}</div>` },
      errors ? null : help,
      motionSection(report),
      accuracySection(report),
      completedSection(report),
      routesSection(report),
      framesSection(report, assets),
      limitsSection(report),
      madeSection(report, assets),
      appendixSection(report),
    ],
    ownStyle: viewStyle,
    footer: markup`<p>${disclaimer(report.kind)} The same figures, for programs: report.json beside this page.</p>`,
    data: markup`<script type="application/json" id="${pageDataId}">${embeddedJson(data)}</script>`,
    scripts: [scripts.plotly, scripts.app].map(embeddedScript),
  });
}
