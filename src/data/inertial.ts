/** The frame that an orientation sensor tells its orientation in: stands still, z up, any heading. */
export const EARTH_FRAME = "Earth";

/**
 * Tools of an orientation sensor in a recording. The pose of the first is the sensor's orientation, with no translation;
 * the translation of the second is the specific force along the sensor's axes, mm/s² (at rest it reads gravity, upwards).
 * PLUS too records such sensors as trackers with tools.
 */
export const ORIENTATION_TOOL = "Imu",
  FORCE_TOOL = "ImuForce";

/** Standard gravity, mm/s². */
export const GRAVITY_MM_PER_S2 = 9806.65;

/** What an orientation sensor on the probe said, turned to the image's axes. Parallel arrays. */
export interface InertialTrack {
  /** In the time of the images. */
  readonly timeS: Float64Array;
  /** Row-major 3×3, 9 numbers a sample: of a body that stands still and whose z points up. */
  readonly earthFromImage: Float64Array;
  /** Of the sensor, gravity taken away, in the axes of `earthFromImage`, 3 numbers a sample, mm/s². */
  readonly acceleration: Float64Array;
  /** Where the sensor sits, in the image frame, mm. */
  readonly leverMm: readonly [number, number, number];
}
