/** How the image sits on the probe: measured, or taken from a PLUS configuration. */
export interface SpatialCalibration {
  /** Row-major 3×4: (column, row, 0) of a pixel to probe mm. May hold unequal scales and a little skew. */
  readonly probeFromPixel: Readonly<Float64Array>;
}

/** By how much the images' acquisition times run behind the tracker's, seconds; positive: the image is late. */
export interface TemporalCalibration {
  readonly imageLagS: number;
}

export interface Calibration extends SpatialCalibration, TemporalCalibration {}
