import type { JudgedSession } from "../spatial/uncertainty.ts";

/** What a spatial calibration knows of itself; the optional parts say more where they are there. */
export interface SpatialEvidence {
  readonly session: JudgedSession;
  /** Standard deviations of a pixel's width and height, as shares of them. */
  readonly scaleSd: readonly [number, number];
  /** Frames with all wires that were left out because their picture was the other way round than most. */
  readonly mirroredFrames: number;
  readonly width: number;
  readonly height: number;
  /** Width and height of a pixel as the scanner states them, mm, and the speed of sound it assumes, m/s. */
  readonly scanner?: { readonly spacingMm: readonly [number, number]; readonly assumedMps: number };
  /** An earlier calibration of this probe, or the one in the configuration: row-major 3×4, (column, row, 0) to probe mm. */
  readonly earlier?: Readonly<Float64Array>;
}
