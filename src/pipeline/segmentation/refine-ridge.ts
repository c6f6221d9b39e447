import type { GrayImage } from "../../data/image.ts";
import type { DetectorOptions } from "./detector-options.ts";
import type { RidgePath } from "./ridge-path.ts";
import type { Aperture, WorkingImage } from "./working-image.ts";

interface Ridge {
  readonly probability: Uint8Array;
  readonly ridgeRowPx: Float32Array;
  readonly ridgeConfidence: Float32Array;
}

/** Smoothing of the profile along the beam before its peak is taken: an eighth of the band's width. */
const PROFILE_SIGMA_MM = 0.15;
/** The peak is looked for this far from the path, along the beam. */
const SEARCH_MM = 0.8;
/** Columns within this distance vote on the row of a column (local line fit): about the width of the beam. */
const ALONG_SIGMA_MM = 0.4;

/** A bend of this much between two lines of this length is a kink. */
const KINK_RAD = (40 * Math.PI) / 180;
const KINK_ARM_MM = 2;

/** From working cells to the image's own columns: sub-pixel peak of the band, then a fit over neighbouring columns. */
export function refineRidge(
  image: GrayImage,
  aperture: Aperture,
  work: WorkingImage,
  path: RidgePath,
  cellMm: readonly [number, number],
  pixelMm: readonly [number, number],
  options: DetectorOptions,
): Ridge {
  const kept = keepRuns(cutAtKinks(path, cellMm), options.minConfidence, Math.round(options.minRunMm / cellMm[0]));
  const { width } = image;
  const raw = new Float32Array(width).fill(NaN),
    ridgeConfidence = new Float32Array(width);
  for (let u = 0; u < width; u++) {
    if (aperture.top[u]! < 0) continue;
    const cell = (u - work.firstColumnPx) / work.columnStepPx;
    const i = Math.max(0, Math.min(work.columns - 1, Math.floor(cell))),
      next = Math.min(work.columns - 1, i + 1);
    const share = Math.max(0, Math.min(1, cell - i));
    if (!kept[share < 0.5 ? i : next]) continue;
    const a = kept[i] ? i : next, b = kept[next] ? next : i; // prettier-ignore
    const row = (path.row[a]! * (1 - share) + path.row[b]! * share) * work.rowStepPx;
    raw[u] = peakNear(image, u, row, pixelMm[1]);
    ridgeConfidence[u] = path.probability[a]! * (1 - share) + path.probability[b]! * share;
  }
  const ridgeRowPx = alongFit(raw, ridgeConfidence, pixelMm[0]);
  return {
    probability: drawBand(image, ridgeRowPx, ridgeConfidence, pixelMm, options.drawnSigmaMm),
    ridgeRowPx,
    ridgeConfidence,
  };
}

/**
 * Where the path turns back up towards the probe by a sharp bend, bone ends and something else goes on from its edge
 * (a line in the tissue behind it, the flare of the edge itself): the shorter side of the bend is dropped. Grooves of
 * bones bend over a centimetre.
 */
function cutAtKinks({ row, probability }: RidgePath, cellMm: readonly [number, number]): RidgePath {
  const arm = Math.round(KINK_ARM_MM / cellMm[0]);
  const cut = row.slice();
  const angle = (from: number, to: number): number =>
    Math.atan2((cut[to]! - cut[from]!) * cellMm[1], (to - from) * cellMm[0]);
  for (let begin = 0; begin < cut.length;) {
    let end = begin;
    while (end < cut.length && cut[end]! >= 0) end++;
    let sharpest = KINK_RAD, at = -1; // prettier-ignore
    for (let i = begin + arm; i < end - arm; i++) {
      const bend = angle(i - arm, i) - angle(i, i + arm);
      if (bend <= sharpest) continue;
      sharpest = bend;
      at = i;
    }
    if (at < 0) {
      begin = Math.max(end, begin + 1);
      continue;
    }
    // The rest of the stretch is looked at again: it may bend twice.
    if (at - begin > end - at) cut.fill(-1, at, end);
    else cut.fill(-1, begin, at + 1);
  }
  return { row: cut, probability };
}

/** 1 for columns of the path that are sure enough and lie in a stretch of at least `minRun` such columns. */
function keepRuns({ row, probability }: RidgePath, minConfidence: number, minRun: number): Uint8Array {
  const kept = new Uint8Array(row.length);
  for (let i = 0; i < row.length;) {
    let end = i;
    while (end < row.length && row[end]! >= 0 && probability[end]! >= minConfidence) end++;
    if (end - i >= minRun) kept.fill(1, i, end);
    i = Math.max(end, i + 1);
  }
  return kept;
}

/** Row, sub-pixel, of the highest value of the smoothed column within reach of `row`. */
function peakNear({ pixels, width, height }: GrayImage, u: number, row: number, rowMm: number): number {
  const sigma = PROFILE_SIGMA_MM / rowMm,
    radius = Math.ceil(2.5 * sigma),
    reach = Math.max(1, Math.round(SEARCH_MM / rowMm));
  const centre = Math.round(row);
  const smoothed = (v: number): number => {
    let sum = 0,
      weights = 0;
    for (let k = -radius; k <= radius; k++) {
      if (v + k < 0 || v + k >= height) continue;
      const weight = Math.exp(-0.5 * (k / sigma) ** 2);
      sum += weight * pixels[(v + k) * width + u]!;
      weights += weight;
    }
    return sum / weights;
  };
  let best = centre,
    bestValue = -1;
  for (let v = Math.max(0, centre - reach); v <= Math.min(height - 1, centre + reach); v++) {
    const value = smoothed(v);
    if (value > bestValue) {
      best = v;
      bestValue = value;
    }
  }
  if (best <= 0 || best >= height - 1) return best;
  const above = smoothed(best - 1), below = smoothed(best + 1), bend = above - 2 * bestValue + below; // prettier-ignore
  return bend < 0 ? best + Math.max(-0.5, Math.min(0.5, (0.5 * (above - below)) / bend)) : best;
}

/** Weighted straight-line fit around each column, twice, the second time with less weight on what lies off the line. */
function alongFit(raw: Readonly<Float32Array>, confidence: Readonly<Float32Array>, columnMm: number): Float32Array {
  const sigma = ALONG_SIGMA_MM / columnMm,
    radius = Math.ceil(2.5 * sigma);
  const fit = (scalePx: number, reference: Readonly<Float32Array>): Float32Array => {
    const fitted = new Float32Array(raw.length).fill(NaN);
    for (let u = 0; u < raw.length; u++) {
      if (Number.isNaN(raw[u]!)) continue;
      let s = 0, sx = 0, sxx = 0, sy = 0, sxy = 0; // prettier-ignore
      for (let k = -radius; k <= radius; k++) {
        const y = raw[u + k] ?? NaN;
        if (Number.isNaN(y)) continue;
        const off = (y - reference[u + k]!) / scalePx;
        const w = (confidence[u + k]! * Math.exp(-0.5 * (k / sigma) ** 2)) / (1 + off * off);
        s += w;
        sx += w * k;
        sxx += w * k * k;
        sy += w * y;
        sxy += w * k * y;
      }
      const det = s * sxx - sx * sx;
      fitted[u] = det > 1e-6 * s * s ? (sy * sxx - sx * sxy) / det : sy / s;
    }
    return fitted;
  };
  const first = fit(Infinity, raw);
  let sum = 0, count = 0; // prettier-ignore
  for (let u = 0; u < raw.length; u++) {
    if (Number.isNaN(raw[u]!)) continue;
    sum += Math.abs(raw[u]! - first[u]!);
    count++;
  }
  return count > 0 ? fit(Math.max(0.5, (2 * sum) / count), first) : first;
}

/** Gaussian across the surface, `sigmaMm` wide, times the column's confidence. */
function drawBand(
  { width, height }: GrayImage,
  ridgeRowPx: Readonly<Float32Array>,
  confidence: Readonly<Float32Array>,
  [columnMm, rowMm]: readonly [number, number],
  sigmaMm: number,
): Uint8Array {
  const probability = new Uint8Array(width * height);
  for (let u = 0; u < width; u++) {
    const row = ridgeRowPx[u]!;
    if (Number.isNaN(row)) continue;
    const left = ridgeRowPx[u - 2] ?? NaN, right = ridgeRowPx[u + 2] ?? NaN; // prettier-ignore
    const slope = Number.isNaN(left + right) ? 0 : ((right - left) * rowMm) / (4 * columnMm);
    const sigmaPx = (sigmaMm * Math.hypot(1, slope)) / rowMm; // along the beam a tilted band is longer
    const from = Math.max(0, Math.ceil(row - 3 * sigmaPx)), to = Math.min(height - 1, Math.floor(row + 3 * sigmaPx)); // prettier-ignore
    for (let v = from; v <= to; v++) {
      const level = 255 * confidence[u]! * Math.exp(-0.5 * ((v - row) / sigmaPx) ** 2);
      probability[v * width + u] = Math.round(level);
    }
  }
  return probability;
}
