import type { BoneMask, BoneMasks } from "../../data/bone-mask.ts";
import type { GrayImage } from "../../data/image.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import type { Stage } from "../stage.ts";
import { alongFit, localSpread } from "./along-fit.ts";
import { drawBand } from "./draw-band.ts";
import { emptyMask } from "./empty-mask.ts";
import { keepRuns } from "./keep-runs.ts";
import { segmentAll } from "./segment-all.ts";
import { findAperture, type WorkingImage, workingImage } from "./working-image.ts";

/** The simplest thing that can be called a bone detector: what every other one must beat. */
export interface BrightestOptions {
  /** Nearer to the face of the probe than this lies the skin, mm. */
  readonly minDepthMm: number;
  /** Gray level above which a ridge can be bone, and mean gray below which what lies under it is shadow. */
  readonly brighterThan: number;
  readonly darkerThan: number;
  /** The shadow is looked for from here on, over this length, mm. */
  readonly shadowGapMm: number;
  readonly shadowLengthMm: number;
  /** A stretch of bone narrower than this is dropped, mm. */
  readonly minRunMm: number;
  readonly drawnSigmaMm: number;
}

/** As a reader would set it who looks at one picture: bone is nearly white, its shadow nearly black. */
export const brightestDefaults: BrightestOptions = {
  minDepthMm: 4,
  brighterThan: 100,
  darkerThan: 50,
  shadowGapMm: 2,
  shadowLengthMm: 10,
  minRunMm: 3,
  drawnSigmaMm: 0.3,
};

/** In every column the brightest row with a shadow below it. */
export const brightestRidge: Stage<TrackedFrames, BoneMasks, BrightestOptions> = {
  name: "segmentation/brightest",
  defaults: brightestDefaults,
  run: (frames, options, context) =>
    segmentAll(new URL("./brightest.worker.ts", import.meta.url), frames, options, context),
};

const CELL_MM = [0.25, 0.125] as const;

/** `pixelMm`: distance of neighbouring columns and of neighbouring rows. */
export function findBrightest(
  image: GrayImage,
  pixelMm: readonly [number, number],
  options: BrightestOptions,
): BoneMask {
  const aperture = findAperture(image);
  if (aperture.last < aperture.first) return emptyMask(image, "empty");
  const work = workingImage(image, aperture, pixelMm, CELL_MM);
  const { row, confidence } = brightestRows(work, options);
  const kept = keepRuns(confidence, Number.MIN_VALUE, Math.round(options.minRunMm / CELL_MM[0]));
  const { width, height } = image;
  const raw = new Float32Array(width).fill(NaN),
    sure = new Float32Array(width);
  for (let u = aperture.first; u <= aperture.last; u++) {
    const i = Math.min(work.columns - 1, Math.round((u - work.firstColumnPx) / work.columnStepPx));
    if (!kept[i]) continue;
    raw[u] = row[i]! * work.rowStepPx;
    sure[u] = confidence[i]!;
  }
  const ridgeRowPx = alongFit(raw, sure, pixelMm[0]);
  return {
    width,
    height,
    probability: drawBand(image, ridgeRowPx, sure, pixelMm, options.drawnSigmaMm),
    ridgeRowPx,
    ridgeConfidence: sure,
    ridgeSdPx: localSpread(raw, ridgeRowPx, pixelMm[0]),
  };
}

/** Working row and gray / 255 of the brightest cell with a shadow in each column; confidence 0 where there is none. */
function brightestRows(
  { columns, rows, gray, begin, end }: WorkingImage,
  { minDepthMm, brighterThan, darkerThan, shadowGapMm, shadowLengthMm }: BrightestOptions,
): { readonly row: Float32Array; readonly confidence: Float32Array } {
  const row = new Float32Array(columns).fill(NaN),
    confidence = new Float32Array(columns);
  const gap = Math.round(shadowGapMm / CELL_MM[1]),
    length = Math.round(shadowLengthMm / CELL_MM[1]);
  const sums = new Float64Array(rows + 1);
  for (let i = 0; i < columns; i++) {
    const base = i * rows;
    for (let j = 0; j < rows; j++) sums[j + 1] = sums[j]! + gray[base + j]!;
    let best = brighterThan;
    for (let j = begin[i]! + Math.round(minDepthMm / CELL_MM[1]); j <= end[i]!; j++) {
      const from = j + gap,
        to = Math.min(end[i]! + 1, from + length);
      if (to - from < length / 4) break;
      if (gray[base + j]! <= best || (sums[to]! - sums[from]!) / (to - from) >= darkerThan) continue;
      best = gray[base + j]!;
      row[i] = j;
      confidence[i] = best / 255;
    }
  }
  return { row, confidence };
}
