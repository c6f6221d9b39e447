import { percentile } from "../../../core/stats.ts";
import type { Image } from "../../../data/image.ts";

/** A bright line across the image: the bottom of a water tank, a membrane, a bone. */
export interface ImageLine {
  /** Row of the line in the middle column, px. */
  readonly depthPx: number;
  /** Rows per column. */
  readonly slope: number;
  /** Share of the lit columns that lie on the line. */
  readonly share: number;
}

/** Column and row of an echo. */
interface Lit {
  readonly u: number;
  readonly v: number;
}

const COLUMNS = 64;
/** A column takes part when its brightest pixel reaches this share of the frame's brightest. */
const LIT_SHARE = 0.25;
/** Below this gray value (of 255) a frame shows nothing. */
const LEAST_GRAY = 20;
/** A column lies on the line within this share of the image's height. */
const ON_LINE_SHARE = 0.012;
const LEAST_COLUMNS = 8;

/** The line that most columns' brightest echoes agree on; undefined when there is none. */
export function findImageLine({ width, height, pixels }: Image): ImageLine | undefined {
  const step = Math.max(1, Math.floor(width / COLUMNS));
  const columns: number[] = [],
    peaks: number[] = [],
    peakRows: number[] = [];
  let brightest = 0;
  for (let u = step >> 1; u < width; u += step) {
    let peak = -Infinity,
      row = 0;
    for (let v = 0; v < height; v++) {
      const value = pixels[v * width + u]!;
      if (value > peak) {
        peak = value;
        row = v;
      }
    }
    brightest = Math.max(brightest, peak);
    columns.push(u);
    peaks.push(peak);
    peakRows.push(row);
  }
  if (brightest < LEAST_GRAY) return undefined;
  const lit: Lit[] = [];
  columns.forEach((u, i) => {
    if (peaks[i]! < LIT_SHARE * brightest) return;
    lit.push({ u, v: centreOfEcho(pixels, width, height, u, peakRows[i]!, peaks[i]! / 2) });
  });
  return agreedLine(lit, width, Math.max(1, ON_LINE_SHARE * height));
}

/** Centre of gravity of the run of pixels around (u, row) that exceed `threshold`. */
function centreOfEcho(
  pixels: Image["pixels"],
  width: number,
  height: number,
  u: number,
  row: number,
  threshold: number,
): number {
  let first = row,
    last = row;
  while (first > 0 && pixels[(first - 1) * width + u]! > threshold) first--;
  while (last < height - 1 && pixels[(last + 1) * width + u]! > threshold) last++;
  let sum = 0,
    total = 0;
  for (let v = first; v <= last; v++) {
    // Above the threshold only, so that a pixel that joins or leaves the run moves nothing.
    const value = pixels[v * width + u]! - threshold;
    sum += value * v;
    total += value;
  }
  return sum / total;
}

function agreedLine(lit: readonly Lit[], width: number, onLine: number): ImageLine | undefined {
  let best: readonly Lit[] = [];
  for (let i = 0; i < lit.length; i++) {
    for (let j = i + 4; j < lit.length; j++) {
      const a = lit[i]!,
        slope = (lit[j]!.v - a.v) / (lit[j]!.u - a.u);
      const on = lit.filter(({ u, v }) => Math.abs(a.v + slope * (u - a.u) - v) < onLine);
      if (on.length > best.length) best = on;
    }
  }
  if (best.length < LEAST_COLUMNS) return undefined;
  // Once more without columns that a speck beside the line has pulled away.
  const first = leastSquaresLine(best),
    away = ({ u, v }: Lit): number => Math.abs(first.v + first.slope * (u - first.u) - v);
  const limit = Math.max(0.5, 4.4 * percentile(best.map(away), 0.5)); // 3 standard deviations
  const line = leastSquaresLine(best.filter((p) => away(p) <= limit));
  return {
    depthPx: line.v + line.slope * ((width - 1) / 2 - line.u),
    slope: line.slope,
    share: best.length / lit.length,
  };
}

/** Slope and centre of gravity. */
function leastSquaresLine(points: readonly Lit[]): Lit & { readonly slope: number } {
  const n = points.length,
    mu = points.reduce((s, { u }) => s + u, 0) / n,
    mv = points.reduce((s, { v }) => s + v, 0) / n;
  let uu = 0,
    uv = 0;
  for (const { u, v } of points) {
    uu += (u - mu) ** 2;
    uv += (u - mu) * (v - mv);
  }
  return { u: mu, v: mv, slope: uv / uu };
}
