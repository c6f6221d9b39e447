import type { GrayImage, ImageGeometry } from "../../data/image.ts";
import type { InertialTrack } from "../../data/inertial.ts";
import type { StageContext } from "../stage.ts";

/** The images of one sweep, in order: all that a method without a tracker is given. No pose is in it. */
export interface SweepImages {
  readonly name: string;
  readonly count: number;
  readonly geometry: ImageGeometry;
  /** As the imaging device stamped them. */
  readonly timeS: Readonly<Float64Array>;
  /** What an orientation sensor on the probe said; absent when none is used. */
  readonly inertial?: InertialTrack;
  read(frame: number): Promise<GrayImage>;
}

/** What was recovered of one sweep. */
export interface RecoveredMotion {
  /** 12 numbers a frame: row-major 3×4 rigid, image i to the first image, mm. */
  readonly firstFromImage: Float64Array;
  /**
   * One standard deviation of the centre of image i against the first image, along its lateral, axial and elevational
   * axis, mm, 3 numbers a frame; undefined where the method states none.
   */
  readonly centreSdMm?: Float64Array;
  /** What stands in the way of trusting it, in sentences. */
  readonly warnings: readonly string[];
}

/** A method that recovers the motion of a sweep from its images. */
export type RecoverMotion = (sweep: SweepImages, context: StageContext) => Promise<RecoveredMotion>;
