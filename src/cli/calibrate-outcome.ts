import type { CalibrationFigure } from "../data/calibration-page.ts";
import type { Figure } from "../data/report.ts";
import type { Finding } from "../pipeline/calibration/diagnosis/finding.ts";

/** What a calibration command has to print and to put on its page. */
export interface Outcome {
  readonly headline: Readonly<Record<string, Figure>>;
  /** Everything else that was found, for machines. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Of a simulated session. */
  readonly seed?: string;
  /** What was found and done, for people. */
  readonly sentences?: readonly string[];
  /** What may be wrong, the likeliest first. */
  readonly findings?: readonly Finding<string>[];
  /** For the page; made only when one is wanted. */
  readonly figures?: () => Promise<readonly CalibrationFigure[]>;
  /** The transform as PLUS would write it in CoordinateDefinitions, or undefined. */
  readonly transform?: { readonly from: string; readonly to: string; readonly matrix: readonly number[] };
}

/** A figure without spread. */
export const exact = (value: number, unit: string): Figure => ({ value, low: value, high: value, unit });

/** Of a calibration from a point or a plane. */
export function imageFigures(seen: {
  readonly rmsMm: number;
  readonly segmented: number;
  readonly examined: number;
  readonly centreUncertaintyMm: number;
  readonly cornerUncertaintyMm: number;
}): Record<string, Figure> {
  return {
    "calibration.spatial.residualRms": exact(seen.rmsMm, "mm"),
    "calibration.spatial.segmented": exact(seen.segmented, "1"),
    "calibration.spatial.examined": exact(seen.examined, "1"),
    "calibration.spatial.uncertaintyCentre": exact(seen.centreUncertaintyMm, "mm"),
    "calibration.spatial.uncertaintyCorner": exact(seen.cornerUncertaintyMm, "mm"),
  };
}
