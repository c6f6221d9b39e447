/** Why no bone could be looked for in a frame: hardly a pixel is lit, or nearly all that are lit are white. */
export type FrameFlag = "empty" | "saturated";

/** What segmentation says of one frame. */
export interface BoneMask {
  readonly width: number;
  readonly height: number;
  /** Probability that the pixel lies on the bone surface, 0 … 255. Zero away from it. */
  readonly probability: Uint8Array;
  /** Row of the bone surface in each column, sub-pixel; NaN where no bone was found. */
  readonly ridgeRowPx: Float32Array;
  /** Confidence in each column, 0 … 1; 0 where no bone was found. */
  readonly ridgeConfidence: Float32Array;
  /** One standard deviation of `ridgeRowPx`, rows, as segmentation itself sees it; NaN where no bone was found. */
  readonly ridgeSdPx: Float32Array;
  /** Set when no bone could be looked for: that none was found says nothing then. */
  readonly flag?: FrameFlag;
}

/** One mask per frame of the TrackedFrames it was made from, in the same order. */
export interface BoneMasks {
  readonly masks: readonly BoneMask[];
}

/** Rows per column, by least squares over the columns within `half` that hold bone. */
export function ridgeSlope(ridgeRowPx: Readonly<Float32Array>, u: number, half: number): number {
  let n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0; // prettier-ignore
  for (let k = -half; k <= half; k++) {
    const row = ridgeRowPx[u + k] ?? NaN;
    if (Number.isNaN(row)) continue;
    n++;
    sx += k;
    sy += row;
    sxx += k * k;
    sxy += k * row;
  }
  const det = n * sxx - sx * sx;
  return det > 0 ? (n * sxy - sx * sy) / det : 0;
}
