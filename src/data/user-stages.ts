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

/** One sweep as a pose module of a user gets it: its images in order, and nothing that says where they were. */
export interface SweepToPose {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Gray values, one image after the other, each in rows of columns, row 0 at the face of the probe. A copy. */
  readonly pixels: Uint8Array;
  /** Distance of neighbouring columns and of neighbouring rows, mm. */
  readonly pixelMm: readonly [number, number];
  /** The pixel under the middle of the transducer's face, column and row: the origin of an image's axes. */
  readonly faceCentrePx: readonly [number, number];
  /** As the imaging device stamped them, seconds. */
  readonly timeS: Float64Array;
}

/** What it answers. */
export interface FoundMotion {
  /**
   * 12 numbers an image: row-major 3×4 rigid, image i to the first image, mm. An image's axes: x along its columns'
   * order, y along depth, z completes the right hand; origin at the middle of the transducer's face.
   */
  readonly firstFromImage: ArrayLike<number>;
}

/** What a module named by `pose: {kind: module, file: …}` exports. One call a sweep, in a thread of its own. */
export interface PoseModule {
  recover(sweep: SweepToPose, options: unknown): FoundMotion | Promise<FoundMotion>;
}
