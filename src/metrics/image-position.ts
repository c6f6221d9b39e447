import type { Rng } from "../core/rng.ts";
import type { Measurement, Metric } from "../data/measurement.ts";
import { blockBootstrap, type Interval } from "./block-bootstrap.ts";

/** Pixel-to-mm matrices (row-major 3×4 each) of the same images, and the image's size. */
export interface ImagePoses {
  readonly fromPixel: Readonly<Float64Array>;
  readonly width: number;
  readonly height: number;
}

/** Points of the image at which positions are compared: a grid of 5 by 5 from corner to corner. */
const SIDE = 5;

/**
 * Distance between where a pixel was put and where it truly was, mm: target registration error over the image. One
 * sample a point and image, equal weights. Takes in calibration, tracking and timing together; nothing is aligned.
 */
export const imagePosition: Metric<ImagePoses, ImagePoses> = {
  name: "image-position",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure(estimate, truth): Measurement {
    const images = truth.fromPixel.length / 12;
    if (images === 0 || estimate.fromPixel.length !== truth.fromPixel.length) {
      return { status: "failed", reason: `${estimate.fromPixel.length / 12} estimated and ${images} true poses` };
    }
    const samples = new Float64Array(images * SIDE * SIDE);
    let at = 0;
    for (let i = 0; i < truth.fromPixel.length; i += 12) {
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          const u = (column * (truth.width - 1)) / (SIDE - 1),
            v = (row * (truth.height - 1)) / (SIDE - 1);
          let squared = 0;
          for (let axis = 0; axis < 12; axis += 4) {
            const d = (k: number): number => estimate.fromPixel[i + axis + k]! - truth.fromPixel[i + axis + k]!;
            squared += (d(0) * u + d(1) * v + d(3)) ** 2;
          }
          samples[at++] = Math.sqrt(squared);
        }
      }
    }
    return { status: "measured", samples, weights: new Float64Array(samples.length).fill(1) };
  },
};

/** RMS of `imagePosition`, with its 95 % interval by drawing runs of `framesPerBlock` successive images. */
export function imageRms(
  { samples }: Extract<Measurement, { status: "measured" }>,
  rng: Rng,
  framesPerBlock = 30,
): { readonly value: number; readonly interval: Interval | null } {
  const perFrame = SIDE * SIDE,
    frames = samples.length / perFrame;
  const blocks = Math.ceil(frames / framesPerBlock);
  const sums = new Float64Array(blocks),
    counts = new Float64Array(blocks);
  samples.forEach((distance, i) => {
    const block = Math.floor(Math.floor(i / perFrame) / framesPerBlock);
    sums[block]! += distance * distance;
    counts[block]! += 1;
  });
  const figure = (drawn: Readonly<Uint32Array>): [number] => {
    let sum = 0,
      count = 0;
    drawn.forEach((times, block) => {
      sum += times * sums[block]!;
      count += times * counts[block]!;
    });
    return [Math.sqrt(sum / count)];
  };
  const [value] = figure(new Uint32Array(blocks).fill(1));
  const [interval = null] = blockBootstrap(blocks, 400, rng.fork("metrics/image-position"), figure);
  return { value, interval };
}
