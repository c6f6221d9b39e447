import { placeOf } from "./vector3.ts";

export interface ImageUncertainty {
  /** Expected error of the image's centre from the scatter of calibrations without a block of frames, mm rms. */
  readonly centreUncertaintyMm: number;
  /** The largest of the image's corners. */
  readonly cornerUncertaintyMm: number;
}

/** Neighbouring frames share the tracker's error, so they are left out together. */
const BLOCKS = 8;

/** Tukey's jackknife over blocks of frames, of the place of the image's centre and corners. */
export function judgeImage<T>(
  frames: readonly T[],
  width: number,
  height: number,
  calibrate: (frames: readonly T[]) => Readonly<Float64Array> | undefined,
): ImageUncertainty {
  const left = Array.from({ length: BLOCKS }, (_, block) =>
    calibrate(frames.filter((__, i) => Math.floor((i * BLOCKS) / frames.length) !== block)),
  ).filter((m) => m !== undefined);
  const scatter = (u: number, v: number): number => {
    if (left.length < BLOCKS) return Infinity;
    const places = left.map((m) => placeOf(m, 0, [u, v, 0]));
    const mean = [0, 1, 2].map((k) => places.reduce((sum, p) => sum + p[k]!, 0) / places.length);
    const squares = places.reduce((sum, p) => sum + [0, 1, 2].reduce((s, k) => s + (p[k]! - mean[k]!) ** 2, 0), 0);
    return Math.sqrt(((BLOCKS - 1) / BLOCKS) * squares);
  };
  return {
    centreUncertaintyMm: scatter(width / 2, height / 2),
    cornerUncertaintyMm: Math.max(scatter(0, 0), scatter(width, 0), scatter(0, height), scatter(width, height)),
  };
}
