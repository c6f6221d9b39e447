import { transformPoint } from "../../core/rigid.ts";
import { ridgeSlope, type BoneMasks } from "../../data/bone-mask.ts";
import { framePose, type TrackedFrames } from "../../data/tracked-frames.ts";

/** Points on the ridges of all frames, in the reference frame, mm. Parallel arrays; vectors interleaved xyz. */
export interface RidgePoints {
  readonly count: number;
  readonly position: Float64Array;
  /** Unit, towards the probe, across the ridge and in the image plane. */
  readonly normal: Float64Array;
  /** Unit, across the image plane. */
  readonly elevation: Float64Array;
  /** Summed confidence of the columns that made the point. */
  readonly weight: Float64Array;
  /** How many columns made the point. */
  readonly pixels: Float64Array;
}

/** As they came from the frames, and from which: an index of the frames, in ascending order. */
export interface FramePoints extends RidgePoints {
  readonly frame: Uint32Array;
}

/** The slope of the ridge is taken over this width. */
const TANGENT_MM = 1;

/** One point for every `everyMm` of image width in which the ridge was found, in the middle of its columns. */
export function ridgePoints(frames: TrackedFrames, { masks }: BoneMasks, everyMm: number): FramePoints {
  const position: number[] = [], normal: number[] = [], elevation: number[] = [], weight: number[] = [], pixels: number[] = [], frame: number[] = []; // prettier-ignore
  for (let f = 0; f < frames.count; f++) {
    const { ridgeRowPx, ridgeConfidence, width } = masks[f]!;
    const m = framePose(frames, f);
    const columnMm = Math.hypot(m[0]!, m[4]!, m[8]!), rowMm = Math.hypot(m[1]!, m[5]!, m[9]!); // prettier-ignore
    const across = [m[0]! / columnMm, m[4]! / columnMm, m[8]! / columnMm] as const;
    const down = [m[1]! / rowMm, m[5]! / rowMm, m[9]! / rowMm] as const;
    const plane = unit(cross(across, down));
    const bin = Math.max(1, Math.round(everyMm / columnMm)), half = Math.max(1, Math.round(TANGENT_MM / 2 / columnMm)); // prettier-ignore
    for (let begin = 0; begin < width; begin += bin) {
      let sum = 0, su = 0, sv = 0, n = 0; // prettier-ignore
      for (let u = begin; u < Math.min(width, begin + bin); u++) {
        const row = ridgeRowPx[u]!, confidence = ridgeConfidence[u]!; // prettier-ignore
        if (!(confidence > 0) || Number.isNaN(row)) continue;
        sum += confidence;
        su += confidence * u;
        sv += confidence * row;
        n++;
      }
      if (n === 0) continue;
      const u = su / sum, v = sv / sum; // prettier-ignore
      const slope = (ridgeSlope(ridgeRowPx, Math.round(u), half) * rowMm) / columnMm;
      for (let axis = 0; axis < 3; axis++) {
        position.push(m[4 * axis]! * u + m[4 * axis + 1]! * v + m[4 * axis + 3]!);
        elevation.push(plane[axis as 0 | 1 | 2]);
        normal.push((slope * across[axis as 0 | 1 | 2] - down[axis as 0 | 1 | 2]) / Math.hypot(1, slope));
      }
      weight.push(sum);
      pixels.push(n);
      frame.push(f);
    }
  }
  return {
    count: weight.length,
    position: Float64Array.from(position),
    normal: Float64Array.from(normal),
    elevation: Float64Array.from(elevation),
    weight: Float64Array.from(weight),
    pixels: Float64Array.from(pixels),
    frame: Uint32Array.from(frame),
  };
}

/** Nine of ten successive frames lie no farther apart: a hand that hesitates hurries elsewhere. */
const SPACING_QUANTILE = 0.9;

/** Distance between the image centres of successive frames that 90 % keep below, mm; 0 for fewer than two. */
export function sliceSpacingMm(frames: TrackedFrames): number {
  const centre = (f: number): Vector => {
    const m = framePose(frames, f), u = frames.width / 2, v = frames.height / 2; // prettier-ignore
    return transformPoint(m, u, v, 0);
  };
  const steps: number[] = [];
  for (let f = 1; f < frames.count; f++) {
    const a = centre(f - 1), b = centre(f); // prettier-ignore
    steps.push(Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]));
  }
  return steps.toSorted((a, b) => a - b)[Math.floor(SPACING_QUANTILE * steps.length)] ?? 0;
}

type Vector = readonly [number, number, number];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};
