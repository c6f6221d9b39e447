import { ridgeSlope, type BoneMask } from "../../../data/bone-mask.ts";
import type { ImageGeometry } from "../../../data/image.ts";
import type { CorrectionSpline } from "./correction-spline.ts";
import type { LinePoints } from "./joint-fit.ts";

/** The slope of the bone line is taken over this width, mm. */
const TANGENT_MM = 2;
/** A stretch of line of which less than this share of the columns shows bone is left out. */
const LEAST_SHARE = 0.5;

/**
 * One point for every `everyMm` of the bone line, in frames that lie as far apart by odometry. `masks`: of the sweep's
 * frames, in their order.
 */
export function linePoints(
  masks: readonly BoneMask[],
  { spacingMm: [columnMm, rowMm], faceCentrePx }: ImageGeometry,
  { wayMm }: CorrectionSpline,
  everyMm: number,
): LinePoints {
  const frame: number[] = [], xyMm: number[] = [], facing: number[] = []; // prettier-ignore
  const bin = Math.max(1, Math.round(everyMm / columnMm)),
    half = Math.max(1, Math.round(TANGENT_MM / 2 / columnMm));
  let next = 0;
  masks.forEach(({ width, ridgeRowPx, ridgeConfidence }, f) => {
    if (wayMm[f]! < next) return;
    next = wayMm[f]! + everyMm;
    for (let begin = 0; begin + bin <= width; begin += bin) {
      let sum = 0, su = 0, sv = 0, n = 0; // prettier-ignore
      for (let u = begin; u < begin + bin; u++) {
        const row = ridgeRowPx[u]!, confidence = ridgeConfidence[u]!; // prettier-ignore
        if (!(confidence > 0) || Number.isNaN(row)) continue;
        sum += confidence;
        su += confidence * u;
        sv += confidence * row;
        n++;
      }
      if (n < LEAST_SHARE * bin) continue;
      const slope = (ridgeSlope(ridgeRowPx, Math.round(su / sum), half) * rowMm) / columnMm,
        length = Math.hypot(1, slope);
      frame.push(f);
      xyMm.push((su / sum - faceCentrePx[0]) * columnMm, (sv / sum - faceCentrePx[1]) * rowMm);
      facing.push(slope / length, -1 / length);
    }
  });
  return {
    count: frame.length,
    frame: Uint32Array.from(frame),
    xyMm: Float64Array.from(xyMm),
    facing: Float64Array.from(facing),
  };
}
