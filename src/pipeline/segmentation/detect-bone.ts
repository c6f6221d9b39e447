import type { BoneMask } from "../../data/bone-mask.ts";
import type { GrayImage } from "../../data/image.ts";
import { beneath, boneLikelihood, withoutRepeats } from "./bone-evidence.ts";
import type { DetectorOptions } from "./detector-options.ts";
import { emptyMask } from "./empty-mask.ts";
import { refineRidge } from "./refine-ridge.ts";
import { findRidges } from "./ridge-filter.ts";
import { findPath } from "./ridge-path.ts";
import { findAperture, workingImage } from "./working-image.ts";

/** Working cell across and along the beam: a quarter of the beam's width and of the pulse's drawn length. */
const CELL_MM = [0.25, 0.125] as const;

/**
 * Finds the bone surface in one frame. `pixelMm`: distance of neighbouring columns and of neighbouring rows. The
 * ridge is the brightest row of the bone's band (not its upper edge); see the ADR for what that means in mm.
 */
export function detectBone(image: GrayImage, pixelMm: readonly [number, number], options: DetectorOptions): BoneMask {
  const aperture = findAperture(image);
  if (aperture.last < aperture.first) return emptyMask(image, "empty");
  const work = workingImage(image, aperture, pixelMm, CELL_MM);
  const ridges = findRidges(work, CELL_MM, options.bandSigmasMm, options.maxTiltRad);
  const shadow = { gapMm: options.shadowGapMm, lengthMm: options.shadowLengthMm };
  const lines = withoutRepeats(work, ridges, CELL_MM);
  const likelihood = boneLikelihood(
    work,
    lines,
    { lines: beneath(work, lines, CELL_MM, shadow), gray: beneath(work, work.gray, CELL_MM, shadow) },
    Math.round(options.minDepthMm / CELL_MM[1]),
  );
  const turn = CELL_MM[0] / options.meanRunMm;
  const model = { columns: work.columns, rows: work.rows, begins: turn, ends: turn, wanderRows: 1 };
  const stepRows = ridges.slope.map((s) => (s * CELL_MM[0]) / CELL_MM[1]);
  const path = findPath(model, { likelihood, stepRows }, Math.round(1 / CELL_MM[1]));
  const ridge = refineRidge(image, aperture, work, path, CELL_MM, pixelMm, options);
  return { width: image.width, height: image.height, ...ridge };
}
