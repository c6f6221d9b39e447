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
  readonly scanner?: ScannerStatement;
  /** An earlier calibration of this probe, or the one in the configuration: row-major 3×4, (column, row, 0) to probe mm. */
  readonly earlier?: Readonly<Float64Array>;
}

/** What is known of the pixels without the wires. */
export interface ScannerStatement {
  /** Width and height of a pixel as the scanner states them, mm, and the speed of sound it assumes, m/s. */
  readonly spacingMm: readonly [number, number];
  readonly assumedMps: number;
  /** Speed of sound in the bath where it has been allowed for; absent: it has not. */
  readonly bathMps?: number;
}

/** The same evidence once depth has been corrected for the bath: its speed of sound is no fault any more. */
export function allowingFor({ usedMps }: { readonly usedMps: number }, evidence: SpatialEvidence): SpatialEvidence {
  return evidence.scanner ? { ...evidence, scanner: { ...evidence.scanner, bathMps: usedMps } } : evidence;
}
