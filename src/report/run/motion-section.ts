import type { PlotSeries } from "../../data/calibration-page.ts";
import type { MotionReport, PerImage, Report } from "../../data/report.ts";
import { formatNumber, formatShare, NONE } from "../format.ts";
import { markup, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { plot } from "../plot.ts";
import { table } from "../tables.ts";

const AXES = ["lateral", "axial", "elevational"] as const;
/** 95 % of a normal distribution. */
const BAND_SD = 1.96;

/** How well the probe's motion was told without a tracker: each method along each stroke, and what it says of its errors. */
export function motionSection({ motion = [] }: Report): Section | null {
  if (motion.length === 0) return null;
  const stated = motion.some(({ sdMm }) => sdMm !== null);
  return {
    id: "motion",
    short: "Motion",
    content: markup`<section id="motion"><h2>How the probe moved</h2><p>The middle of the picture against where it truly was,
both told in the frame of the stroke's first image; nothing else is aligned, nothing is scaled. The first method is that of
this run. Standing still and moving on steadily look at no image: a method is worth what it gains on them.${
      stated && markup` Bands are the 95 % that the method states of itself before the truth is known.`
    }</p>${methodTable(motion)}${motion.map(strokePlots)}</section>`,
  };
}

const number = (value: number | null, decimals: number): string =>
  value === null ? NONE : formatNumber(value, decimals);

function methodTable(motion: readonly MotionReport[]): Markup {
  const head = markup`<tr><th>method</th><th>score 2025</th><th>final drift by path</th><th>all pixels, global</th
><th>all pixels, local</th><th>within its own 95 %</th></tr>`;
  const bodies = motion.map(
    ({ sweep, methods, withinStated }) =>
      markup`<tbody><tr><th colspan="6" scope="rowgroup">${sweep}</th></tr>${methods.map(
        ({ method, score2025, finalByPath, gpeMm, lpeMm }, i) =>
          markup`<tr><th scope="row">${method}</th><td>${number(
            score2025,
            2,
          )}</td><td>${formatShare(finalByPath)}</td><td>${number(gpeMm, 2)}</td><td>${number(lpeMm, 3)}</td><td>${
            i === 0 ? formatShare(withinStated) : NONE
          }</td></tr>`,
      )}</tbody>`,
  );
  return table(
    markup`Score of the TUS-REC challenge of 2025: 1 is the truth, 0 is standing still. Errors of all pixels in mm, against the
first image (global) and the one before (local). Within its own 95 %: images and axes whose error lies in the band; 95 % would be right.`,
    head,
    bodies,
  );
}

function strokePlots(stroke: MotionReport): Markup {
  const { sweep, frames, pathMm, errorMm, sdMm, methods } = stroke;
  const drift = plot({
    kind: "plot",
    title: `${sweep}: distance from the truth`,
    caption: `Of the middle of the picture, ${frames} images.`,
    xLabel: "true way of the picture's middle, mm",
    yLabel: "distance, mm",
    fromZero: true,
    series: methods.map(({ method, driftMm }) => ({ name: method, shape: "line", x: pathMm, y: driftMm })),
  });
  const axes = plot({
    kind: "plot",
    title: `${sweep}: error along each axis`,
    caption: sdMm
      ? "Estimate less truth in the first image's axes; a band is 1.96 stated standard deviations to either side of 0."
      : "Estimate less truth in the first image's axes. The method states no errors.",
    xLabel: "true way of the picture's middle, mm",
    yLabel: "error, mm",
    series: AXES.map((axis) => ({ name: axis, shape: "line" as const, x: pathMm, y: errorMm[axis] })),
    ...(sdMm ? { bands: AXES.map((axis) => bandOf(axis, pathMm, sdMm[axis])) } : {}),
  });
  return markup`<div class="plots">${drift}${axes}</div>`;
}

/** There along the upper edge and back along the lower. */
function bandOf(name: string, x: PerImage, sd: PerImage): PlotSeries {
  return {
    name,
    shape: "band",
    x: [...x, ...x.toReversed()],
    y: [...sd.map((mm) => BAND_SD * mm), ...sd.toReversed().map((mm) => -BAND_SD * mm)],
  };
}
