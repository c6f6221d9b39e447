import { createHash } from "node:crypto";
import { pageDataId, type PageData } from "../data/report-page.ts";
import type { Report } from "../data/report.ts";
import { coverageColours, errorColours, histogramBones, MISSED_MM, pageData, type ReportAssets } from "./assets.ts";
import { cssGradient } from "./colour-map.ts";
import { configurationTable } from "./configuration.ts";
import { formatCount, formatFigure } from "./format.ts";
import { frameGallery } from "./frames.ts";
import { boneLabel, headlineLabel, headlineTiles } from "./labels.ts";
import { embeddedJson, embeddedScript, markup, Markup, type Content } from "./markup.ts";
import { style } from "./style.ts";
import {
  boneTable,
  completedTable,
  routesTable,
  droppedTable,
  regionTable,
  segmentationCostTable,
  segmentationTable,
  table,
  thresholdTable,
} from "./tables.ts";

/** Source text of the two programs that the page carries: plotly.min.js and the bundle of src/viewer/report-app.ts. */
export interface ReportScripts {
  readonly plotly: string;
  readonly app: string;
}

interface Section {
  readonly id: string;
  /** In the list of contents. */
  readonly short: string;
  readonly content: Markup;
}

function headlineSection({ headline }: Report): Section | null {
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

function warningSection({ warnings }: Report): Section | null {
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

/** What the script cannot make: the frame of the view, its words, and what stands there without WebGL. */
function viewSection(report: Report, { meshes }: PageData): Section | null {
  if (!meshes.length) return null;
  const results = meshes.filter(({ role }) => role === "result");
  const truths = meshes.filter(({ role }) => role === "truth");
  const scored = results.some(({ errorMm }) => errorMm !== null);
  const covered = truths.some(({ errorMm }) => errorMm !== null);
  const bones = [...new Set(meshes.map(({ bone }) => bone))];
  const several = bones.length > 1 || report.probePathMm.length > 0;
  const radio = (value: string, text: string, checked: boolean): Markup =>
    markup`<label><input type="radio" name="view" value="${value}"${checked && markup` checked`}> ${text}</label>`;
  const check = (name: string, value: string, text: Content): Markup =>
    markup`<label><input type="checkbox" name="${name}" value="${value}" checked> ${text}</label>`;
  const describes = scored
    ? "reconstructed bone surface coloured by its signed distance to the true bone"
    : results.length
      ? "reconstructed bone surface"
      : "true bone surface";
  const legendError = markup`<div class="legend" data-legend="error"${!scored && markup` hidden`}><span data-low></span
><span class="ramp" style="background:${cssGradient(errorColours)}"></span><span data-high></span>
<span class="under"><span>inside the true bone</span><span>0 mm</span><span>outside</span></span></div>`;
  const legendCoverage = markup`<div class="legend" data-legend="coverage" hidden><span>0 mm</span><span class="ramp"
 style="background:${cssGradient(coverageColours)}"></span><span>${MISSED_MM} mm or more</span><span class="under"><span>found</span
><span>missed</span></span><p class="note">Distance from the true bone to the result. Gray: the probe could not reach it.</p></div>`;
  return {
    id: "view",
    short: "3D view",
    content: markup`<section id="view"><h2>The bone in 3D</h2><div class="viewer" hidden data-needs-script>
<div><div class="stage" data-stage aria-label="3D view: ${describes}. Arrow keys turn it, plus and minus zoom, 0 resets."
><div class="readout" role="status" data-readout></div></div>
${legendError}${legendCoverage}</div><div class="panel" role="group" aria-label="What the 3D view shows">
<fieldset${!scored && !covered && markup` hidden`}><legend>Show</legend>${[
      scored && radio("error", "result, coloured by error", true),
      results.length > 0 && radio("plain", "result, plain", !scored),
      covered && radio("coverage", "true bone, coloured by coverage", false),
    ]}</fieldset>
${
  scored &&
  markup`<fieldset><legend><label for="error-range">Ends of the colours</label></legend>
<select id="error-range"></select></fieldset>`
}
${
  truths.length > 0 &&
  markup`<fieldset><legend><label for="ghost">True bone beside it</label></legend>
<input type="range" id="ghost" min="0" max="100" step="5" value="25" aria-describedby="ghost-ends">
<span class="note" id="ghost-ends">hidden … transparent … solid</span></fieldset>`
}
<fieldset${!several && markup` hidden`}><legend>Parts</legend>${bones.map((bone) => check("bone", bone, boneLabel(bone)))}
${report.probePathMm.length > 0 && check("path", "path", markup`<span class="swatch path"></span> path of the probe`)}</fieldset>
<div class="buttons"><button type="button" data-action="reset">Reset view</button>
<button type="button" data-action="save">Save picture</button></div>
<p class="note">Drag to turn, right-drag to move, wheel to zoom; click the surface to read its error. With the keyboard:
arrows turn, + and − zoom, 0 resets.</p></div></div>
<p data-no-webgl hidden>This browser cannot draw the 3D view, because WebGL is missing or switched off. All figures are in
the tables below; the surfaces lie beside this page as STL and PLY files.</p>
<noscript><p>The 3D view and the charts need JavaScript. All figures are in the tables below.</p></noscript></section>`,
  };
}

function errorSection(report: Report, data: PageData): Markup | null {
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

const howToRead = markup`<section id="how-to-read"><h2>How to read this</h2><dl>${definitions.map(
  ([term, meaning]) => markup`<dt>${term}</dt><dd>${meaning}</dd>`,
)}</dl></section>`;

function accuracySection(report: Report): Section {
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

function completedSection(report: Report): Section | null {
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

function routesSection(report: Report): Section | null {
  const rows = routesTable(report);
  if (!rows) return null;
  return {
    id: "routes",
    short: "Other ways",
    content: markup`<section id="routes"><h2>The same sweep by other ways</h2><p>All take the same frames, poses and bone
probability. PLUS and SlicerIGT make a gray volume of 1 mm (mean and maximum, nearest, sticks of 9 in holes); its surface is
taken at half of the probability and smoothed as Slicer's Segment Editor does, which closes it to a shell with two sides.</p>
${rows}</section>`,
  };
}

function framesSection(report: Report, assets: ReportAssets): Section | null {
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

function limitsSection({ notModelled, kind }: Report): Section | null {
  if (!notModelled.length) return null;
  return {
    id: "limits",
    short: "Not modelled",
    content: markup`<section id="limits"><h2>What was not modelled</h2>
${kind === "run" && markup`<p>The images and poses of this run are simulated. These effects of a real scan are missing from them:</p>`}
<ul class="plain">${notModelled.map((text) => markup`<li>${text}</li>`)}</ul></section>`,
  };
}

function configurationSection({ configuration }: Report): Section {
  return {
    id: "options",
    short: "Options",
    content: markup`<section id="options"><h2>How it was made</h2><details><summary>Every option, defaults filled in</summary>
${configurationTable(configuration)}</details></section>`,
  };
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("base64");

/** The browser itself refuses every fetch, and every script but those that this page was made with. */
function policy(scripts: readonly Markup[]): string {
  const hashes = scripts.map(({ text }) => `'sha256-${sha256(text)}'`).join(" ");
  return (
    `default-src 'none'; script-src ${hashes}; style-src 'unsafe-inline'; img-src data: blob:; ` +
    "base-uri 'none'; form-action 'none'"
  );
}

function facts({ software, seed, frames }: Report): string {
  return [
    `${formatCount(frames.used)} of ${formatCount(frames.total)} frames used`,
    seed === null ? null : `seed ${seed}`,
    `${software.name} ${software.version}`,
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}

/**
 * One page that carries everything it shows and loads nothing: pictures and figures are plain markup, the 3D view and
 * the charts are drawn by the embedded scripts. Depends on its arguments alone.
 */
export function renderReport(report: Report, assets: ReportAssets, scripts: ReportScripts): string {
  const data = pageData(report, assets);
  const code = [scripts.plotly, scripts.app].map(embeddedScript);
  const errors = errorSection(report, data);
  const scored = histogramBones(report).length > 0 || report.bones.length > 0;
  const sections: (Section | null)[] = [
    headlineSection(report),
    warningSection(report),
    viewSection(report, data),
    errors && { id: "errors", short: "Errors", content: markup`<div class="pair">${errors}${howToRead}</div>` },
    !errors && scored ? { id: "how-to-read", short: "How to read", content: howToRead } : null,
    accuracySection(report),
    completedSection(report),
    routesSection(report),
    framesSection(report, assets),
    limitsSection(report),
    configurationSection(report),
  ];
  const shown = sections.filter((section) => section !== null);
  const body: Content = [
    markup`<a class="skip" href="#main">Skip to the results</a><header class="top"><p class="kicker">SonoBench ${
      report.kind === "run" ? "run" : "reconstruction"
    }</p><h1>${report.title}</h1><p class="facts">${facts(report)}</p></header>
<nav aria-label="Contents"><ul>${shown.map(
      ({ id, short }) => markup`<li><a href="#${id}">${short}</a></li>`,
    )}</ul></nav><main id="main">${shown.map(({ content }) => content)}</main>`,
    markup`<footer><p>${
      report.kind === "run"
        ? "Simulation is not clinical evidence: it shows what the method does with the errors that were modelled."
        : "For research. Not a medical device."
    } The same figures, for programs: report.json beside this page.</p></footer>`,
  ];
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy(code)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${report.title} · SonoBench</title>
<style>${new Markup(style)}</style></head><body>${body}
<script type="application/json" id="${pageDataId}">${embeddedJson(data)}</script>
${code.map((text) => markup`<script>${text}</script>`)}</body></html>
`.text;
}
