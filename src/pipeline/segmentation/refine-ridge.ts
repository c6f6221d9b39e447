import type { GrayImage } from "../../data/image.ts";
import type { DetectorOptions } from "./detector-options.ts";
import { alongFit, localSpread } from "./along-fit.ts";
import { drawBand } from "./draw-band.ts";
import { keepRuns } from "./keep-runs.ts";
import type { RidgePath } from "./ridge-path.ts";
import type { Aperture, WorkingImage } from "./working-image.ts";

interface Ridge {
  readonly probability: Uint8Array;
  readonly ridgeRowPx: Float32Array;
  readonly ridgeConfidence: Float32Array;
  readonly ridgeSdPx: Float32Array;
}

/** Smoothing of the profile along the beam before its peak is taken: an eighth of the band's width. */
const PROFILE_SIGMA_MM = 0.15;
/** The peak is looked for this far from the path, along the beam. */
const SEARCH_MM = 0.8;
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
  const kept = keepRuns(
    surenessOf(cutAtKinks(path, cellMm)),
    options.minConfidence,
    Math.round(options.minRunMm / cellMm[0]),
  );
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
    ridgeSdPx: localSpread(raw, ridgeRowPx, pixelMm[0]),
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

/** −1 where the path has no bone. */
const surenessOf = ({ row, probability }: RidgePath): Float32Array =>
  probability.map((p, i) => (row[i]! >= 0 ? p : -1));
