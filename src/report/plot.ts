import type { PlotFigure, PlotSeries } from "../data/calibration-page.ts";
import { formatNumber } from "./format.ts";
import { markup, type Markup } from "./markup.ts";

const WIDTH = 560,
  HEIGHT = 330,
  LEFT = 62,
  RIGHT = 14,
  TOP = 12,
  BOTTOM = 46;

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly decimals: number;
}

/** Round steps (1, 2, 5 times a power of ten) that make about `wanted` ticks from `low` to `high`. */
export function axisFor(low: number, high: number, wanted = 6): Axis {
  const span = high > low ? high - low : Math.max(1e-6, Math.abs(low) * 0.1 || 1);
  const raw = span / wanted,
    power = 10 ** Math.floor(Math.log10(raw)),
    step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw * (1 - 1e-9))!;
  const from = Math.floor(low / step + 1e-9),
    to = Math.max(from + 1, Math.ceil(high / step - 1e-9));
  return {
    low: from * step,
    high: to * step,
    ticks: Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step),
    decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
  };
}

function rangeOf(series: readonly PlotSeries[], pick: "x" | "y"): readonly [number, number] {
  let low = Infinity,
    high = -Infinity;
  for (const each of series) {
    for (const value of each[pick]) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Points at the edge are cut by the frame. */
const MARGIN = 1.08;

/** One unit as long on both axes: the shorter one is widened about its middle. */
function equalised(
  [x0, x1]: readonly [number, number],
  [y0, y1]: readonly [number, number],
): readonly [readonly [number, number], readonly [number, number]] {
  const perPx = MARGIN * Math.max((x1 - x0) / (WIDTH - LEFT - RIGHT), (y1 - y0) / (HEIGHT - TOP - BOTTOM), 1e-9);
  const about = (low: number, high: number, px: number): readonly [number, number] => {
    const half = (perPx * px) / 2,
      middle = (low + high) / 2;
    return [middle - half, middle + half];
  };
  return [about(x0, x1, WIDTH - LEFT - RIGHT), about(y0, y1, HEIGHT - TOP - BOTTOM)];
}

/** A plot as plain SVG, in the page's colours; needs no script. */
export function plot({ title, caption, xLabel, yLabel, equal, fromZero, series, bands = [] }: PlotFigure): Markup {
  const all = [...series, ...bands],
    [lowY, highY] = rangeOf(all, "y");
  const ranges = [rangeOf(all, "x"), [fromZero ? Math.min(0, lowY) : lowY, highY]] as const;
  const [rangeX, rangeY] = equal ? equalised(...ranges) : ranges;
  const x = axisFor(...rangeX),
    y = axisFor(...rangeY, 5);
  // With equal units the axes keep the range that was widened for them; round ends would undo it.
  const [x0, x1] = equal ? rangeX : [x.low, x.high],
    [y0, y1] = equal ? rangeY : [y.low, y.high];
  const toX = (value: number): number => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number): number => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const inside = (axis: Axis, low: number, high: number): readonly number[] =>
    axis.ticks.filter((tick) => tick >= low - 1e-9 && tick <= high + 1e-9);
  const gridX = inside(x, x0, x1).map(
    (tick) => markup`<path class="grid" d="M${toX(tick).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}"/><text
 x="${toX(tick).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${formatNumber(tick, x.decimals)}</text>`,
  );
  const gridY = inside(y, y0, y1).map(
    (tick) => markup`<path class="grid" d="M${LEFT} ${toY(tick).toFixed(1)}H${WIDTH - RIGHT}"/><text
 x="${LEFT - 6}" y="${(toY(tick) + 4).toFixed(1)}" text-anchor="end">${formatNumber(tick, y.decimals)}</text>`,
  );
  const middle = (TOP + HEIGHT - BOTTOM) / 2;
  return markup`<figure class="plot"><h3>${title}</h3><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${yLabel} over ${xLabel}">
${gridX}${gridY}<rect class="frame-line" x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}"/>
${bands.map((each, i) => drawn(each, i, toX, toY))}${series.map((each, i) => drawn(each, i, toX, toY))}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xLabel}</text>
<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${yLabel}</text></svg>
${series.length > 1 && legend(series)}<figcaption class="note">${caption}</figcaption></figure>`;
}

/** So few points are drawn large. */
const FEW = 40;

function drawn(
  { shape, x, y }: PlotSeries,
  index: number,
  toX: (value: number) => number,
  toY: (value: number) => number,
): Markup {
  const path: string[] = [];
  let drawing = false;
  x.forEach((value, i) => {
    const other = y[i]!;
    if (!Number.isFinite(value) || !Number.isFinite(other)) {
      drawing = false;
      return;
    }
    const at = `${toX(value).toFixed(1)} ${toY(other).toFixed(1)}`;
    // A point is a stroke without length and with a round end.
    path.push(shape === "points" ? `M${at}h0` : `${drawing ? "L" : "M"}${at}`);
    drawing = true;
  });
  const few = shape === "points" && x.length <= FEW ? " few" : "";
  return markup`<path class="${shape}${few} s${index % COLOURS}" d="${path.join("")}${shape === "band" && path.length > 0 ? "Z" : ""}"/>`;
}

/** Of the style sheet. */
const COLOURS = 9;

function legend(series: readonly PlotSeries[]): Markup {
  return markup`<p class="keys">${series.map(
    ({ name }, i) => markup`<span><span class="key s${i % COLOURS}"></span> ${name}</span>`,
  )}</p>`;
}
