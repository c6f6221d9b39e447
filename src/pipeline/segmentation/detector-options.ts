/** Lengths are mm on the patient and hold for every pixel size. Reasons and sources: docs/adr/0004-bone-detector.md. */
export interface DetectorOptions {
  /** Nearer to the face of the probe than this lie the skin line and the ring-down. */
  readonly minDepthMm: number;
  /** Widths (standard deviations) of the bright band that are looked for. */
  readonly bandSigmasMm: readonly number[];
  /** Steepest surface against the face of the probe. */
  readonly maxTiltRad: number;
  /** The band and its tail reach this far below the ridge; beneath is shadow. */
  readonly shadowGapMm: number;
  readonly shadowLengthMm: number;
  /** Typical width of a stretch of bone in an image, and of a gap between two. */
  readonly meanRunMm: number;
  /** A column whose confidence is below this has no bone. */
  readonly minConfidence: number;
  /** A stretch of bone narrower than this is dropped. */
  readonly minRunMm: number;
  /** Standard deviation, across the surface, of the band that `probability` draws around the ridge. */
  readonly drawnSigmaMm: number;
}

export const detectorDefaults: DetectorOptions = {
  minDepthMm: 2,
  bandSigmasMm: [0.4, 0.7],
  maxTiltRad: 1.25,
  shadowGapMm: 1.5,
  shadowLengthMm: 15,
  meanRunMm: 30,
  minConfidence: 0.5,
  minRunMm: 3,
  drawnSigmaMm: 0.3,
};
