import type { GrayImage, ImageGeometry } from "./image.ts";

/** Images that can be used, whether or not anyone knows where they were taken. Parallel arrays. */
export interface ImageFrames {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** As the imaging device declares it; absent when it says nothing. */
  readonly nominalGeometry?: ImageGeometry;
  /** Index of each frame in the recording's image track. */
  readonly sourceIndex: Uint32Array;
  readonly timeS: Float64Array;
  /** Frames of the recording that were left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Pixels outside a declared field of view are 0: text and rules there are no echoes. */
  read(frame: number): Promise<GrayImage>;
}

/** Images whose pose in the reference frame is known; frames without one are not here. */
export interface TrackedFrames extends ImageFrames {
  /** 12 numbers a frame: row-major 3×4, (column, row, 0) of a pixel to mm in the reference frame. */
  readonly referenceFromPixel: Float64Array;
}

/** The 12 numbers of one frame; a view, not a copy. */
export function framePose({ referenceFromPixel }: TrackedFrames, frame: number): Float64Array {
  return referenceFromPixel.subarray(frame * 12, frame * 12 + 12);
}
