import { createRng } from "../../core/rng.ts";
import type { ImageGeometry } from "../../data/image.ts";
import { stretchDepth } from "../../pipeline/calibration/sound-speed.ts";
import { drawCalibrations } from "../../pipeline/calibration/spatial/draws.ts";
import type { SessionResults } from "./calibrate-session.ts";

const DRAWS = 200;

/**
 * Calibrations (row-major 3×4, for tissue) that are as likely as the one found in the sessions, by its own statement of
 * how well frames and registration determine it. Empty where the image was not calibrated by N-wires.
 */
export function likelyCalibrations(
  { spatial, speed }: SessionResults,
  { faceCentrePx }: ImageGeometry,
): Float64Array[] {
  if (!spatial || !speed) return [];
  const draws = drawCalibrations(spatial.uncertainty, DRAWS, createRng("likely calibrations"));
  return draws.map((m) => stretchDepth(m, speed.factor, faceCentrePx[1]));
}
