import type { GrayImage } from "../../data/image.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";

/**
 * What goes into the volume: tracked frames, or other images that belong to them, and how much their pixels count.
 * Functions are asked once per inserted frame, in order.
 */
export interface Insertion {
  readonly frames: TrackedFrames;
  /** Images of the frames' size that are inserted in their place: bone probability, a filtered image. */
  readonly read?: (frame: number) => GrayImage | Promise<GrayImage>;
  /**
   * 0 … 255 a pixel, 0: not observed. A weight with the compounding "importance"; for the other kinds only zero or not
   * matters.
   */
  readonly importance?: (frame: number) => GrayImage | Promise<GrayImage>;
  /** 0 … 1; multiplies the importance with the compounding "importance"; for the other kinds only 0 matters. */
  readonly confidence?: (frame: number) => number;
  /**
   * Per column the last row that was observed: pixels beyond it (the shadow below bone) are not inserted. NaN: the
   * column was not observed at all.
   */
  readonly validRows?: (frame: number) => Float32Array | undefined;
}
