import { ticks } from "./dot-plot.ts";
import { formatNumber } from "./format.ts";
import { markup, type Markup } from "./markup.ts";

/** One bar, in squares: from where the ones above it end, or from 0 where it is a sum of its own. */
export interface WaterfallRow {
  readonly name: string;
  readonly square: number;
  readonly interval: readonly [number, number] | null;
  readonly isSum: boolean;
}

export interface Waterfall {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly WaterfallRow[];
  /** Where the whole is plausible, not in squares. */
  readonly band: { readonly from: number; readonly to: number; readonly name: string } | null;
}

const ROW = 34,
  LEFT = 280,
  WIDTH = 990,
  RIGHT = 20,
  TOP = 30;

interface Placed extends WaterfallRow {
  /** In squares. */
  readonly from: number;
  readonly to: number;
}

/** Where each bar begins and ends. */
export function place(rows: readonly WaterfallRow[]): Placed[] {
  let at = 0;
  return rows.map((row) => {
    const from = row.isSum ? 0 : at,
      to = from + row.square;
    at = to;
    return { ...row, from, to };
  });
}

/**
 * Errors that add in quadrature, as bars that add: lengths are squares, and the scale below says of which error each is
 * the square. Thin lines are the 95 % intervals of the bars' ends. SVG; prints, and needs no script.
 */
export function waterfall({ title, unit, rows, band }: Waterfall): Markup {
  const placed = place(rows);
  const ends = placed.flatMap(({ from, to, interval }) => [to, ...(interval ? [from + interval[1]] : [])]);
  const most = 1.05 * Math.max(...ends, band ? band.to ** 2 : 0, 1e-9);
  const x = (square: number): number => LEFT + (Math.max(0, Math.min(most, square)) / most) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const words = rows.map(({ name, square }) => `${name}: ${rooted(square)} ${unit}`).join("; ");
  return markup`<div class="scroll" tabindex="0"><svg class="dots waterfall" role="img" viewBox="0 0 ${WIDTH} ${bottom + 44}"
 aria-label="${title}. ${words}">${
   band &&
   markup`<rect class="band" x="${x(band.from ** 2)}" y="${TOP - 6}" width="${x(band.to ** 2) - x(band.from ** 2)}" height="${bottom - TOP + 6}"/>
<text class="scale" x="${(x(band.from ** 2) + x(band.to ** 2)) / 2}" y="${TOP - 12}" text-anchor="middle">${band.name}</text>`
 }${scaleOf(most).map(
   (tick) => markup`<line class="grid" x1="${x(tick ** 2)}" x2="${x(tick ** 2)}" y1="${TOP - 6}" y2="${bottom}"/>
<text class="scale" x="${x(tick ** 2)}" y="${bottom + 16}" text-anchor="middle">${formatNumber(tick, 2)}</text>`,
 )}${placed.map((row, i) => bar(row, TOP + (i + 0.5) * ROW, x, unit))}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${title}, ${unit} (lengths are squares)</text></svg></div>`;
}

const rooted = (square: number): string => formatNumber(Math.sign(square) * Math.sqrt(Math.abs(square)), 2);

/** Marks of the error itself, thinned where squares crowd them at the left. */
function scaleOf(most: number): number[] {
  const all = ticks(0, Math.sqrt(most), 8);
  return all.filter((tick, i) => i === 0 || tick ** 2 - all[i - 1]! ** 2 > 0.035 * most || i === all.length - 1);
}

function bar(
  { name, from, to, square, interval, isSum }: Placed,
  y: number,
  x: (square: number) => number,
  unit: string,
): Markup {
  const left = x(Math.min(from, to)),
    width = Math.max(1, x(Math.max(from, to)) - left);
  const kind = isSum ? "sum" : square < 0 ? "less" : "part";
  return markup`<text class="name" x="${LEFT - 12}" y="${y + 5}" text-anchor="end">${name}</text><rect class="bar ${kind}" x="${left}" y="${y - 10}" width="${width}" height="20"><title>${name}: ${rooted(square)} ${unit}</title></rect>${
    interval &&
    markup`<line class="whisker" x1="${x(from + interval[0])}" x2="${x(from + interval[1])}" y1="${y}" y2="${y}"><title>95 %: ${rooted(interval[0])} to ${rooted(interval[1])} ${unit}</title></line>`
  }`;
}
