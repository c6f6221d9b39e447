import type {
  CalibrationFigure,
  CalibrationPage,
  FramesFigure,
  MapFigure,
  MarkedFrame,
} from "../data/calibration-page.ts";
import { base64 } from "./assets.ts";
import { cssColour, cssGradient, foundMissed, sampleMap } from "./colour-map.ts";
import { formatFigure, formatNumber } from "./format.ts";
import { headlineLabel } from "./labels.ts";
import { markup, Markup } from "./markup.ts";
import { plot } from "./plot.ts";
import { style } from "./style.ts";
import { table } from "./tables.ts";

const ownStyle = `
header.top{padding-bottom:1rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:1.1rem}
.plot{margin:0}.plot h3{margin-top:0}.plot svg{display:block;width:100%;height:auto}
.plot text{fill:var(--soft);font-size:12px}.plot .grid{stroke:var(--line);stroke-width:1}
.plot .frame-line{fill:none;stroke:var(--soft)}
.points.few{stroke-width:9;stroke-opacity:.9}.points{fill:none;stroke-width:4;stroke-linecap:round;stroke-opacity:.55}.line{fill:none;stroke-width:2}
.s0{stroke:#0b6b74;background:#0b6b74}.s1{stroke:#d1495b;background:#d1495b}.s2{stroke:#8a5cd6;background:#8a5cd6}
.s3{stroke:#c98a00;background:#c98a00}.s4{stroke:#3f7d20;background:#3f7d20}.s5{stroke:#7b5e57;background:#7b5e57}
.s6{stroke:#1f6fd1;background:#1f6fd1}.s7{stroke:#e07b39;background:#e07b39}.s8{stroke:#6b7280;background:#6b7280}
@media screen and (prefers-color-scheme:dark){.s0{stroke:#63cbd3;background:#63cbd3}.s1{stroke:#ff8fa0;background:#ff8fa0}
.s2{stroke:#b79aff;background:#b79aff}.s4{stroke:#8fd16a;background:#8fd16a}.s5{stroke:#c9aaa2;background:#c9aaa2}}
.keys{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.2rem 0;font-size:.88rem}
.key{display:inline-block;width:1em;height:.5em;border-radius:2px}
.mark{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.6}.mark.found{stroke:var(--found)}
.mark.expected{stroke:var(--true)}
.map .cell{stroke:none}.map .ramp{height:14px;border-radius:3px}
.map .legend{max-width:26rem}.map svg{max-height:420px}
.score{display:inline-block;min-width:3.2em;font-variant-numeric:tabular-nums}
pre{overflow-x:auto;font-size:.86rem}`;

const COLOURS = 33;
/** Arms of the crosses and rings, mm. */
const MARK_MM = 0.9;

function frame({ label, png, width, height, spacingMm: [sx, sy], marks }: MarkedFrame): Markup {
  const w = width * sx,
    h = height * sy;
  const drawn = marks.map(({ u, v, role }) => {
    const x = ((u + 0.5) * sx).toFixed(2),
      y = ((v + 0.5) * sy).toFixed(2);
    return role === "found"
      ? markup`<circle class="mark found" cx="${x}" cy="${y}" r="${MARK_MM}"/>`
      : markup`<path class="mark expected" d="M${x} ${y}m-${MARK_MM} 0h${2 * MARK_MM}m-${MARK_MM} -${MARK_MM}v${2 * MARK_MM}"/>`;
  });
  return markup`<figure class="frame"><svg viewBox="0 0 ${w.toFixed(3)} ${h.toFixed(3)}" role="img" aria-label="Ultrasound image, ${label}">
<image width="${w.toFixed(3)}" height="${h.toFixed(3)}" preserveAspectRatio="none" href="data:image/png;base64,${base64(png)}"/>${drawn}</svg>
<figcaption>${label}</figcaption></figure>`;
}

const frames = ({ title, caption, frames: all }: FramesFigure): Markup =>
  markup`<section><h2>${title}</h2><div class="gallery">${all.map(frame)}</div><p class="note">${caption}</p></section>`;

function map({ title, caption, unit, widthMm, heightMm, columns, rows, values }: MapFigure): Markup {
  const known = values.filter(Number.isFinite),
    high = Math.max(...known, 1e-9);
  const colours = sampleMap(foundMissed, 0, 1, COLOURS);
  const cw = widthMm / columns,
    ch = heightMm / rows;
  const cells = values.map((value, i) => {
    const x = (i % columns) * cw,
      y = Math.floor(i / columns) * ch,
      colour = colours[Math.min(COLOURS - 1, Math.round((value / high) * (COLOURS - 1)))];
    if (!colour) return null;
    return markup`<rect class="cell" x="${x.toFixed(3)}" y="${y.toFixed(3)}" width="${(cw * 1.02).toFixed(3)}" height="${(ch * 1.02).toFixed(3)}" fill="${cssColour(colour)}"><title>${formatNumber(value, 2)} ${unit}</title></rect>`;
  });
  const corner = (i: number): string => `${formatNumber(values[i]!, 2)}`;
  return markup`<figure class="plot map"><h3>${title}</h3><svg viewBox="0 0 ${widthMm.toFixed(3)} ${heightMm.toFixed(3)}" role="img" aria-label="${title}">${cells}</svg>
<div class="legend"><span>0</span><span class="ramp" style="background:${cssGradient(colours)}"></span><span>${formatNumber(high, 2)} ${unit}</span></div>
<figcaption class="note">${caption} Upper left ${corner(0)}, upper right ${corner(columns - 1)}, lower left ${corner(columns * (rows - 1))}, lower right ${corner(columns * rows - 1)} ${unit}.</figcaption></figure>`;
}

function figures(all: readonly CalibrationFigure[]): Markup[] {
  const small = all.filter((figure) => figure.kind !== "frames");
  return [
    ...all.filter((figure) => figure.kind === "frames").map(frames),
    ...(small.length > 0
      ? [
          markup`<section><h2>What is left over</h2><div class="plots">${small.map((figure) =>
            figure.kind === "map" ? map(figure) : plot(figure),
          )}</div></section>`,
        ]
      : []),
  ];
}

function headline({ headline: all }: CalibrationPage): Markup {
  const row = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, all[id]!);
    return markup`<tr><th scope="row">${headlineLabel(id).name}</th><td>${value}</td><td>${interval}</td><td class="text">${unit}</td><td class="text"><code>${id}</code></td></tr>`;
  };
  return markup`<section><h2>Figures</h2>${table(
    "Figures of this calibration and their names for programs",
    markup`<tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">95 % interval</th><th scope="col" class="text">Unit</th><th scope="col" class="text">Name</th></tr>`,
    markup`<tbody>${Object.keys(all).map(row)}</tbody>`,
  )}</section>`;
}

function findings({ findings: all, sentences }: CalibrationPage): Markup {
  const said = sentences.map((sentence) => markup`<p>${sentence}</p>`);
  if (!all) return markup`${said.length > 0 && markup`<section class="notice">${said}</section>`}`;
  if (all.length === 0)
    return markup`${said.length > 0 && markup`<section class="notice">${said}</section>`}<section><h2>What may be wrong</h2>
<p>Nothing stands out.</p></section>`;
  return markup`${said.length > 0 && markup`<section class="notice">${said}</section>`}<section><h2>What may be wrong</h2>
<dl>${all.map(
    ({
      cause,
      score,
      sentence,
      remedy,
    }) => markup`<dt><span class="score">${formatNumber(score, 2)}</span> ${cause}</dt>
<dd>${sentence} <strong>${remedy}</strong></dd>`,
  )}</dl><p class="note">From 0 to 1: how much of what was seen a cause explains. The likeliest comes first.</p></section>`;
}

/** One page of one calibration: plain markup and SVG, no script, nothing loaded. Depends on its arguments alone. */
export function renderCalibrationPage(page: CalibrationPage): string {
  const { transform } = page;
  const matrix = transform && [0, 4, 8].map((row) => transform.matrix.slice(row, row + 4).map((x) => x.toPrecision(7)).join(" ")); // prettier-ignore
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${page.title} · SonoBench</title>
<style>${new Markup(style + ownStyle)}</style></head><body><header class="top"><p class="kicker">SonoBench calibration</p>
<h1>${page.title}</h1><p class="facts">${page.facts}</p></header><main id="main">
${findings(page)}${figures(page.figures)}${headline(page)}
${transform && markup`<section><h2>The transform</h2><pre>${transform.from}To${transform.to}\n${matrix!.join("\n")}\n0 0 0 1</pre></section>`}
</main><footer><p>For research. Not a medical device. The same figures, for programs: calibration.json beside this page.</p></footer>
</body></html>
`.text;
}
