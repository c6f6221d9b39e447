import { formatNumber } from "./format.ts";
import { markup, type Markup } from "./markup.ts";

/** One row: a mean with its interval, and the single values behind it. */
export interface DotRow {
  readonly name: string;
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  readonly points: readonly number[];
}

export interface DotPlot {
  /** What is measured along the axis, with its unit. */
  readonly title: string;
  readonly rows: readonly DotRow[];
  /** Lines across all rows, with a word each: a limit, a published figure. */
  readonly marks?: readonly { readonly at: number; readonly name: string }[];
}

const ROW = 34,
  LEFT = 280,
  WIDTH = 990,
  RIGHT = 20,
  TOP = 26;

/** Where one mean is so many times another, the axis is logarithmic. */
const WIDE = 8;

/** Steps of 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 6): number[] {
  const raw = (high - low) / wanted,
    power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999)!;
  const list: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9) + 0; i * step <= high + 1e-9 * step; i++) list.push(i * step);
  return list;
}

interface Axis {
  /** Share of the axis' length, 0 to 1. */
  readonly at: (value: number) => number;
  readonly scale: readonly { readonly value: number; readonly label: string }[];
}

/** From zero where all values are positive. */
function linear(all: readonly number[]): Axis {
  const low = Math.min(0, ...all),
    top = Math.max(...all);
  const high = top > low ? low + (top - low) * 1.06 : low + 1;
  const values = ticks(low, high);
  const step = values.length > 1 ? values[1]! - values[0]! : 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    at: (value) => (value - low) / (high - low),
    scale: values.map((value) => ({ value, label: formatNumber(value, decimals) })),
  };
}

/** Steps of 1, 2 and 5. */
function logarithmic(all: readonly number[]): Axis {
  const low = Math.log(Math.min(...all)) - 0.1,
    high = Math.log(Math.max(...all)) + 0.1;
  const first = Math.floor(low / Math.LN10),
    decades = Math.ceil(high / Math.LN10) - first;
  const scale = Array.from({ length: decades }, (_, i) => first + i)
    .flatMap((power) =>
      [1, 2, 5].map((m) => ({ value: m * 10 ** power, label: formatNumber(m * 10 ** power, Math.max(0, -power)) })),
    ) // prettier-ignore
    .filter(({ value }) => Math.log(value) >= low && Math.log(value) <= high);
  return { at: (value) => (Math.log(value) - low) / (high - low), scale };
}

/**
 * Rows of dots with a mean and its 95 % interval, as SVG that says in words what it shows; from zero where all values are
 * positive, or by ratios where the means differ so much that small ones could not be told apart. Prints, and needs no script; values appear when the pointer rests on a dot.
 */
export function dotPlot({ title, rows, marks = [] }: DotPlot): Markup {
  const all = [
    ...rows.flatMap(({ value, interval, points }) => [
      ...points,
      ...(interval ?? []),
      ...(value === null ? [] : [value]),
    ]),
    ...marks.map(({ at }) => at),
  ];
  if (all.length === 0) return markup`<p class="note">Nothing was measured.</p>`;
  const means = rows.flatMap(({ value }) => (value === null ? [] : [value]));
  const isLogarithmic = Math.min(...all) > 0 && Math.max(...means) > WIDE * Math.min(...means);
  const { at, scale } = isLogarithmic ? logarithmic(all) : linear(all);
  const x = (value: number): number => LEFT + at(value) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const words = isLogarithmic ? `${title} (logarithmic axis)` : title;
  const label = rows
    .filter(({ value }) => value !== null)
    .map(({ name, value }) => `${name}: ${formatNumber(value!, 2)}`)
    .join("; ");
  return markup`<div class="scroll" tabindex="0"><svg class="dots" role="img" viewBox="0 0 ${WIDTH} ${bottom + 44}"
 aria-label="${words}. ${label}">${scale.map(
   (tick) => markup`<line class="grid" x1="${x(tick.value)}" x2="${x(tick.value)}" y1="${TOP - 6}" y2="${bottom}"/>
<text class="scale" x="${x(tick.value)}" y="${bottom + 16}" text-anchor="middle">${tick.label}</text>`,
 )}${marks.map(
   ({ at, name }) => markup`<line class="mark" x1="${x(at)}" x2="${x(at)}" y1="${TOP - 6}" y2="${bottom}"/>
<text class="scale" x="${x(at) + 4}" y="${TOP - 10}">${name}</text>`,
 )}${rows.map((row, i) => rowMarkup(row, TOP + (i + 0.5) * ROW, x))}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${words}</text></svg></div>`;
}

function rowMarkup({ name, value, interval, points }: DotRow, y: number, x: (value: number) => number): Markup {
  const short = name.length > 34 ? `${name.slice(0, 33)}…` : name;
  return markup`<text class="name" x="${LEFT - 12}" y="${y + 5}" text-anchor="end">${short}<title>${name}</title></text>${points.map(
    (point) =>
      markup`<circle class="point" cx="${x(point)}" cy="${y}" r="3.5"><title>${formatNumber(point, 3)}</title></circle>`,
  )}${
    interval &&
    markup`<line class="interval" x1="${x(interval[0])}" x2="${x(interval[1])}" y1="${y}" y2="${y}"><title>95 %: ${formatNumber(
      interval[0],
      2,
    )} to ${formatNumber(interval[1], 2)}</title></line>`
  }${
    value !== null &&
    markup`<rect class="mean" x="${x(value) - 5}" y="${y - 5}" width="10" height="10"><title>mean ${formatNumber(value, 3)}</title></rect>`
  }${value === null && markup`<text class="scale" x="${LEFT + 6}" y="${y + 4}">no case was finished</text>`}`;
}
