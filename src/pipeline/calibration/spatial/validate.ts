import { mean, standardDeviation } from "../../../core/stats.ts";
import { distance, placeOf } from "../vector3.ts";
import { cut, wiresInProbe } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { diagonalPoint, type WireFrame } from "./wire-frames.ts";

export interface WireErrors {
  /** PLUS's "3D error": distances of the diagonals' points, best 95 %, mm. */
  readonly meanMm: number;
  readonly sdMm: number;
  /** All of them: root mean square, mm. */
  readonly rmsMm: number;
  /** Distances, frame by frame, pattern by pattern, mm. */
  readonly distancesMm: Float64Array;
  /** By wire: bias and spread of found minus predicted place in the image, mm across and along depth. */
  readonly wires: readonly WireError[];
  /** Root mean square over all wires, mm across and along depth. */
  readonly imageRmsMm: readonly [number, number];
}

export interface WireError {
  readonly name: string;
  readonly biasMm: readonly [number, number];
  readonly sdMm: readonly [number, number];
}

/** PLUS leaves out the worst 5 %. */
const BEST_SHARE = 0.95;

/** Of the diagonals' dots from where the phantom has them, frame by frame, pattern by pattern, mm. */
export function diagonalDistances(
  probeFromPixel: Readonly<Float64Array>,
  frames: readonly WireFrame[],
  phantom: NWirePhantom,
): number[] {
  const distances: number[] = [];
  for (const { pixels, probeFromPhantom } of frames) {
    for (let pattern = 0; pattern < phantom.patterns; pattern++) {
      const [u, v] = pixels[3 * pattern + 1]!;
      const there = placeOf(probeFromPhantom, 0, diagonalPoint(phantom, pattern, pixels));
      distances.push(distance(placeOf(probeFromPixel, 0, [u, v, 0]), there));
    }
  }
  return distances;
}

const bestOf = (distances: ArrayLike<number>): Float64Array =>
  Float64Array.from(distances)
    .sort()
    .subarray(0, Math.ceil(BEST_SHARE * distances.length));

export const meanOfBest = (distances: readonly number[]): number => mean(bestOf(distances));

/**
 * How far the calibration puts the diagonals' dots from where the phantom's geometry puts them (PLUS's definition: the
 * place along the wire is from the image itself), and every wire's dot from where the model predicts it in the image.
 */
export function wireErrors(
  probeFromPixel: Readonly<Float64Array>,
  frames: readonly WireFrame[],
  phantom: NWirePhantom,
): WireErrors {
  const distances = diagonalDistances(probeFromPixel, frames, phantom);
  const across: number[][] = phantom.wires.map(() => []),
    along: number[][] = phantom.wires.map(() => []);
  const [sx, sy] = spacingOf(probeFromPixel);
  for (const frame of frames) {
    const ends = wiresInProbe(frame, phantom);
    phantom.wires.forEach((_, wire) => {
      const [u, v] = cut(probeFromPixel, ends[2 * wire]!, ends[2 * wire + 1]!);
      across[wire]!.push((frame.pixels[wire]![0] - u) * sx);
      along[wire]!.push((frame.pixels[wire]![1] - v) * sy);
    });
  }
  const best = bestOf(distances);
  return {
    meanMm: mean(best),
    sdMm: standardDeviation(best),
    rmsMm: rms(distances),
    distancesMm: Float64Array.from(distances),
    wires: phantom.wires.map(({ name }, wire) => ({
      name,
      biasMm: [mean(across[wire]!), mean(along[wire]!)],
      sdMm: [standardDeviation(across[wire]!), standardDeviation(along[wire]!)],
    })),
    imageRmsMm: [rms(across.flat()), rms(along.flat())],
  };
}

/** Errors over all blocks, each measured by a calibration that has not seen it. */
export function pooled(left: readonly WireErrors[]): WireErrors {
  const distancesMm = Float64Array.from(left.flatMap((errors) => Array.from(errors.distancesMm)));
  const best = bestOf(distancesMm),
    meanMm = mean(best);
  return {
    meanMm,
    sdMm: Math.sqrt(mean(best.map((d) => (d - meanMm) ** 2))),
    rmsMm: rms(distancesMm),
    distancesMm,
    wires: left[0]!.wires.map(({ name }, wire) => {
      const across = (pick: "biasMm" | "sdMm", k: 0 | 1): number =>
        mean(left.map((errors) => errors.wires[wire]![pick][k]));
      return {
        name,
        biasMm: [across("biasMm", 0), across("biasMm", 1)],
        sdMm: [across("sdMm", 0), across("sdMm", 1)],
      };
    }),
    imageRmsMm: [rms(left.map((errors) => errors.imageRmsMm[0])), rms(left.map((errors) => errors.imageRmsMm[1]))],
  };
}

const rms = (values: ArrayLike<number>): number => Math.sqrt(mean(Float64Array.from(values, (x) => x * x)));

/** Width and height of a pixel, mm. */
export function spacingOf(m: Readonly<Float64Array>): readonly [number, number] {
  return [Math.hypot(m[0]!, m[4]!, m[8]!), Math.hypot(m[1]!, m[5]!, m[9]!)];
}
