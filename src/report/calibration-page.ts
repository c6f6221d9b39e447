import type {
  CalibrationFigure,
  CalibrationPage,
  FramesFigure,
  MapFigure,
  MarkedFrame,
} from "../data/calibration-page.ts";
import { base64 } from "./assets.ts";
import { cssColour, cssGradient, foundMissed, sampleMap } from "./colour-map.ts";
import { formatFigure, formatNumber, NONE } from "./format.ts";
import { headlineLabel } from "./labels.ts";
import { howToReadSection } from "./how-to-read.ts";
import { markup, type Markup } from "./markup.ts";
import { renderPage, type Section } from "./page.ts";
import { plot } from "./plot.ts";
import { provenanceSection } from "./provenance.ts";
import { table } from "./tables.ts";

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

const frames = ({ title, caption, frames: all }: FramesFigure, index: number): Section => ({
  id: `images-${index + 1}`,
  short: "Images",
  content: markup`<section id="images-${index + 1}"><h2>${title}</h2><div class="gallery">${all.map(frame)}</div><p class="note">${caption}</p></section>`,
});

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
  return markup`<figure class="plot map"><h3>${title}</h3><svg viewBox="0 0 ${widthMm.toFixed(3)} ${heightMm.toFixed(3)}" role="img" aria-label="${title}: ${formatNumber(Math.min(...known), 2)} to ${formatNumber(high, 2)} ${unit} over the image">${cells}</svg>
<div class="legend"><span>0</span><span class="ramp" style="background:${cssGradient(colours)}"></span><span>${formatNumber(high, 2)} ${unit}</span></div>
<figcaption class="note">${caption} Upper left ${corner(0)}, upper right ${corner(columns - 1)}, lower left ${corner(columns * (rows - 1))}, lower right ${corner(columns * rows - 1)} ${unit}.</figcaption></figure>`;
}

const isFrames = (figure: CalibrationFigure): figure is FramesFigure => figure.kind === "frames";

function figureSections(all: readonly CalibrationFigure[]): Section[] {
  const small = all.filter((figure) => !isFrames(figure));
  const plots = markup`<section id="left-over"><h2>What is left over</h2><div class="plots">${small.map((figure) =>
    figure.kind === "map" ? map(figure) : plot(figure),
  )}</div></section>`;
  return [
    ...all.filter(isFrames).map((figure, i) => frames(figure, i)),
    ...(small.length > 0 ? [{ id: "left-over", short: "Left over", content: plots }] : []),
  ];
}

function headline({ headline: all }: CalibrationPage): Section {
  const row = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, all[id]!);
    return markup`<tr><th scope="row">${headlineLabel(id).name}</th><td>${value}</td><td>${interval || NONE}</td><td class="text">${unit}</td><td class="text"><code>${id}</code></td></tr>`;
  };
  const rows = table(
    "Figures of this calibration and their names for programs; a dash where no interval is known",
    markup`<tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">95 % interval</th><th scope="col" class="text">Unit</th><th scope="col" class="text">Name</th></tr>`,
    markup`<tbody>${Object.keys(all).map(row)}</tbody>`,
  );
  return {
    id: "figures",
    short: "Figures",
    content: markup`<section id="figures"><h2>Figures</h2>${rows}</section>`,
  };
}

function sentencesSection({ sentences }: CalibrationPage): Section | null {
  if (!sentences.length) return null;
  const said = sentences.map((sentence) => markup`<p>${sentence}</p>`);
  return {
    id: "found",
    short: "Found",
    content: markup`<section class="notice" id="found" aria-label="What was found">${said}</section>`,
  };
}

function causesSection({ findings }: CalibrationPage): Section | null {
  if (!findings) return null;
  const list = markup`<dl>${findings.map(
    ({ cause, score, sentence, remedy }) =>
      markup`<dt><span class="score">${formatNumber(score, 2)}</span> ${cause}</dt><dd>${sentence} <strong>${remedy}</strong></dd>`,
  )}</dl><p class="note">From 0 to 1: how much of what was seen a cause explains. The likeliest comes first.</p>`;
  return {
    id: "causes",
    short: "Causes",
    content: markup`<section id="causes"><h2>What may be wrong</h2>${findings.length ? list : markup`<p>Nothing stands out.</p>`}</section>`,
  };
}

function transformSection({ transform }: CalibrationPage): Section | null {
  if (!transform) return null;
  const matrix = [0, 4, 8].map((row) => transform.matrix.slice(row, row + 4).map((x) => x.toPrecision(7)).join(" ")); // prettier-ignore
  return {
    id: "transform",
    short: "Transform",
    content: markup`<section id="transform"><h2>The transform</h2><pre tabindex="0">${transform.from}To${transform.to}\n${matrix.join("\n")}\n0 0 0 1</pre>
<p class="note">Lengths in mm. As PLUS writes it in CoordinateDefinitions.</p></section>`,
  };
}

/** One page of one calibration: plain markup and SVG, no script, nothing loaded. Depends on its arguments alone. */
export function renderCalibrationPage(page: CalibrationPage): string {
  return renderPage({
    kicker: "calibration",
    heading: page.title,
    facts: page.facts,
    sections: [
      sentencesSection(page),
      causesSection(page),
      ...figureSections(page.figures),
      headline(page),
      howToReadSection(
        (page.findings ? "What may be wrong comes first, with what to do. " : "") +
          "In the pictures, rings are what was found and crosses where the calibration puts it: they should lie on top of " +
          "one another everywhere, not only in the middle.",
        ["residual", "tre", "uncertainty", "lag", ...(page.findings?.length ? (["cause"] as const) : [])],
      ),
      transformSection(page),
      page.software ? provenanceSection({ software: page.software, seed: page.seed ?? null, made: page.made }) : null,
    ],
    footer: markup`<p>For research. Not a medical device. The same figures, for programs: calibration.json beside this page.</p>`,
  });
}
