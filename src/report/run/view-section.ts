import type { PageData, PageScan } from "../../data/report-page.ts";
import type { Report } from "../../data/report.ts";
import { coverageColours, errorColours, MISSED_MM } from "../assets.ts";
import { cssGradient } from "../colour-map.ts";
import { boneLabel } from "../labels.ts";
import { markup, type Content, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";

/** What the script cannot make: the frame of the view, its words, and what stands there without WebGL. */
export function viewSection(report: Report, { meshes, scan }: PageData): Section | null {
  if (!meshes.length) return null;
  const results = meshes.filter(({ role }) => role === "result");
  const truths = meshes.filter(({ role }) => role === "truth");
  const scored = results.some(({ errorMm }) => errorMm !== null);
  const covered = truths.some(({ errorMm }) => errorMm !== null);
  const bones = [...new Set(meshes.map(({ bone }) => bone))];
  const several = bones.length > 1 || report.probePathMm.length > 0 || scan !== null;
  const radio = (value: string, text: string, checked: boolean): Markup =>
    markup`<label><input type="radio" name="view" value="${value}"${checked && markup` checked`}> ${text}</label>`;
  const check = (name: string, value: string, text: Content): Markup =>
    markup`<label><input type="checkbox" name="${name}" value="${value}" checked> ${text}</label>`;
  const extra = (name: string, text: Content, checked = false): Markup =>
    markup`<label><input type="checkbox" name="${name}" data-keeps-point${checked && markup` checked`}> ${text}</label>`;
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
${legendError}${legendCoverage}${scan && scanBox(scan)}</div><div class="panel" role="group" aria-label="What the 3D view shows">
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
${report.probePathMm.length > 0 && check("path", "path", markup`<span class="swatch path"></span> path of the probe`)}
${
  scan && [
    extra("frame", markup`<span class="swatch frame-now"></span> image at the slider`, true),
    report.frames.samples.length > 0 && extra("pictures", "all large images in their places"),
    extra("lines", markup`<span class="swatch show-found"></span> bone found in all images`),
  ]
}</fieldset>
<div class="buttons"><button type="button" data-action="reset">Reset view</button>
<button type="button" data-action="save">Save picture</button></div>
<p class="note">Drag to turn, right-drag to move, wheel to zoom; click the surface to read its error${
      scan && " and see the images that made it"
    }. With the keyboard: arrows turn, + and − zoom, 0 resets.</p></div></div>
<p class="message" data-no-webgl hidden>This browser cannot draw the 3D view, because WebGL is missing or switched off. All figures are in
the tables below${report.frames.samples.length > 0 && ", the images under them"}; the surfaces lie beside this page as STL and PLY files.</p>
<noscript><p>The 3D view and the charts need JavaScript. All figures are in the tables below.</p></noscript></section>`,
  };
}

/** Slider through time with the image of the moment; below it, after a click, the images that made the point. */
function scanBox({ index, everyFrames }: PageScan): Markup {
  return markup`<div class="scan" data-scan hidden><canvas class="now" data-frame-picture role="img"></canvas><div>
<div class="time"><button type="button" data-action="play" aria-pressed="false">Play</button>
<label class="grow"><span class="name">Through time: <span data-frame-name aria-live="off"></span></span>
<input type="range" id="scan-time" min="0" max="${index.length - 1}" step="1" value="0"></label></div>
<div class="point" data-point hidden><p role="status" data-point-says></p><ul data-point-frames></ul>
<p class="note" data-point-more hidden>Only some of them are listed, evenly spread; in the scene all are marked.</p></div>
<p class="note">${
    everyFrames > 1
      ? `One used image in ${everyFrames} is in this page, small`
      : "Every used image is in this page, small"
  }; the orange line is the bone found in it. A frame counts as one that made a point when its line passes within 1.6 mm.</p></div></div>`;
}
