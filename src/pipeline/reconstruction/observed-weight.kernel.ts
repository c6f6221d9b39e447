/** What says how much each pixel of one frame counts. All parts are optional. */
export interface Observed {
  /** 0 … 255 a pixel; 0: not observed. */
  readonly importance: Uint8Array | undefined;
  /** 0 … 1, multiplies the importance. */
  readonly confidence: number;
  /** Per column the last row that was observed; NaN: the column was not observed at all. */
  readonly validRows: Float32Array | undefined;
  /** Pixels darker than this were not observed; −Infinity: none. */
  readonly rejectBelow: number;
}

/** Writes the weights 0 … 255 of one frame to `weights`, all of it. */
export function observedWeights(
  pixels: Uint8Array,
  width: number,
  { importance, confidence, validRows, rejectBelow }: Observed,
  weights: Uint8Array,
): void {
  if (!importance) weights.fill(Math.round(255 * confidence));
  else if (confidence === 1) weights.set(importance);
  else for (let i = 0; i < weights.length; i++) weights[i] = Math.round(importance[i]! * confidence);
  if (rejectBelow > 0) {
    for (let i = 0; i < weights.length; i++) if (pixels[i]! < rejectBelow) weights[i] = 0;
  }
  if (!validRows) return;
  const height = weights.length / width;
  for (let u = 0; u < width; u++) {
    const last = validRows[u]!;
    const first = Number.isNaN(last) ? 0 : Math.max(0, Math.floor(last) + 1);
    for (let v = first; v < height; v++) weights[v * width + u] = 0;
  }
}
