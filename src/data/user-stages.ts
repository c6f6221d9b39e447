/** One frame as a segmentation module of a user gets it. A copy of its own: it may write to it. */
export interface FrameToSegment {
  /** Columns and rows; sectors are laid out by their beams, so that a column is a beam. */
  readonly width: number;
  readonly height: number;
  /** Gray values, rows of columns, row 0 at the face of the probe. */
  readonly pixels: Uint8Array;
  /** Distance of neighbouring columns and of neighbouring rows, mm. */
  readonly pixelMm: readonly [number, number];
}

/** What it answers. */
export interface FoundBoneLine {
  /** One number a column: the row of the bone's surface, sub-pixel; NaN where there is no bone. */
  readonly ridgeRowPx: ArrayLike<number>;
  /** One number a column, 0 … 1; 1 wherever a row was found when left out. */
  readonly confidence?: ArrayLike<number>;
  /** One standard deviation of the row, rows; half a row when left out. */
  readonly sdPx?: ArrayLike<number>;
}

/**
 * What a module named by `segmentation: {kind: module, file: …}` exports. It runs in a thread of its own for each frame,
 * in no promised order: keep nothing between calls that an answer depends on.
 */
export interface SegmentationModule {
  segment(frame: FrameToSegment, options: unknown): FoundBoneLine | Promise<FoundBoneLine>;
}
