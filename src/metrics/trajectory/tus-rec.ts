import { multiply3x4 } from "../../core/rigid.ts";
import { between, frameCount, mismatch, standStill, type Trajectory } from "./trajectory.ts";

/**
 * The pixels whose displacement is judged. Pixel (u, v), counted from 0, lies at ((u + offset[0]) · spacingMm[0],
 * (v + offset[1]) · spacingMm[1], 0) of the image frame: TUS-REC counts from 1, so its offset is [1, 1]; for an image
 * frame at the middle of the face it is minus that pixel. Distances do not depend on it as long as the poses agree.
 */
export interface PixelGrid {
  readonly width: number;
  readonly height: number;
  readonly spacingMm: readonly [number, number];
  readonly offset: readonly [number, number];
}

/** A point of one frame, in pixels counted from 0; frame ≥ 1. */
export interface PixelLandmark {
  readonly frame: number;
  readonly u: number;
  readonly v: number;
}

/** Errors of TUS-REC, mm: of all pixels and of landmarks, against the first frame (global) and the one before (local). */
export interface TusRecErrors {
  readonly gpe: number;
  readonly gle: number;
  readonly lpe: number;
  readonly lle: number;
}

export interface TusRecScore {
  readonly errors: TusRecErrors;
  /** Of the identity for every frame: what the score of 2025 calls the largest error. */
  readonly standStill: TusRecErrors;
  /** 1 − error / error of standing still, for each (TUS-REC 2025); may be negative, NaN when nothing moved. */
  readonly normalised: TusRecErrors;
  /** 0.25 (GPE* + GLE* + LPE* + LLE*). */
  readonly final: number;
}

/**
 * Metrics of TUS-REC 2024 and 2025 (UCL/tus-rec-challenge, submission/utils/metrics.py): the displacement field of every
 * pixel of every frame but the first, compared by Euclidean distance and averaged. Every pixel is visited, one frame at a
 * time, so no field is ever held.
 */
export function tusRecScore(
  estimate: Trajectory,
  truth: Trajectory,
  grid: PixelGrid,
  landmarks: readonly PixelLandmark[],
): TusRecScore {
  const why = mismatch(estimate, truth);
  if (why !== undefined) throw new RangeError(why);
  const errors = tusRecErrors(estimate, truth, grid, landmarks),
    still = tusRecErrors(standStill(frameCount(truth)), truth, grid, landmarks);
  const share = (key: keyof TusRecErrors): number => 1 - errors[key] / still[key];
  const normalised = { gpe: share("gpe"), gle: share("gle"), lpe: share("lpe"), lle: share("lle") };
  const { gpe, gle, lpe, lle } = normalised;
  return { errors, standStill: still, normalised, final: 0.25 * (gpe + gle + lpe + lle) };
}

export function tusRecErrors(
  estimate: Trajectory,
  truth: Trajectory,
  grid: PixelGrid,
  landmarks: readonly PixelLandmark[],
): TusRecErrors {
  const frames = frameCount(truth);
  /** Difference of the pixel-to-mm matrices of both: the error of a pixel is its image. */
  const errorOf = (to: number, from: number): Float64Array => {
    const a = multiply3x4(between(estimate, to, from), pixelScale(grid)),
      b = multiply3x4(between(truth, to, from), pixelScale(grid));
    return a.map((x, k) => x - b[k]!);
  };
  let global = 0,
    local = 0;
  for (let i = 1; i < frames; i++) {
    global += meanNorm(errorOf(0, i), grid);
    local += meanNorm(errorOf(i - 1, i), grid);
  }
  const overLandmarks = (to: (frame: number) => number): number =>
    landmarks.reduce((sum, { frame, u, v }) => sum + normAt(errorOf(to(frame), frame), u, v), 0) / landmarks.length;
  return {
    gpe: global / (frames - 1),
    gle: overLandmarks(() => 0),
    lpe: local / (frames - 1),
    lle: overLandmarks((frame) => frame - 1),
  };
}

/** From a pixel counted from 0 to the image frame, mm. */
function pixelScale({ spacingMm: [sx, sy], offset: [ox, oy] }: PixelGrid): Float64Array {
  return Float64Array.of(sx, 0, 0, sx * ox, 0, sy, 0, sy * oy, 0, 0, 1, 0);
}

const normAt = (e: Readonly<Float64Array>, u: number, v: number): number =>
  Math.hypot(e[0]! * u + e[1]! * v + e[3]!, e[4]! * u + e[5]! * v + e[7]!, e[8]! * u + e[9]! * v + e[11]!);

/** Mean over all pixels of the length of e · (u, v, 0, 1). */
function meanNorm(e: Readonly<Float64Array>, { width, height }: PixelGrid): number {
  const ax = e[0]!, ay = e[4]!, az = e[8]!; // prettier-ignore
  let sum = 0;
  for (let v = 0; v < height; v++) {
    const x = e[1]! * v + e[3]!, y = e[5]! * v + e[7]!, z = e[9]! * v + e[11]!; // prettier-ignore
    let row = 0;
    for (let u = 0; u < width; u++) {
      const dx = x + ax * u, dy = y + ay * u, dz = z + az * u; // prettier-ignore
      row += Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
    sum += row;
  }
  return sum / (width * height);
}
