import type { Rng } from "../../../src/core/rng.ts";
import type { GrayImage } from "../../../src/data/image.ts";

/** A frame drawn by formula, in mm: no part of the simulator, so that the detector is judged by something else. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly pixelMm: number;
  /** Black columns on either side, as beside a linear probe's image. */
  readonly marginPx: number;
  /** Depth of the bone at x, mm from the left border; undefined for none. */
  readonly bone?: (xMm: number) => number | undefined;
  readonly fascia?: readonly ((xMm: number) => number)[];
  readonly tissueGray?: number;
}

/** Tissue is Rayleigh speckle on a log scale; bone a band of 0.4 mm (sigma) with a tail, and next to nothing below. */
export function drawFrame(drawing: Drawing, rng: Rng): GrayImage {
  const { width, height, pixelMm, marginPx, bone, fascia = [], tissueGray = 60 } = drawing;
  const pixels = new Uint8Array(width * height);
  const speckle = smoothNoise(width, height, 0.4 / pixelMm, 0.15 / pixelMm, rng);
  const band = (d: number, sigmaMm: number): number => Math.exp(-0.5 * (d / sigmaMm) ** 2);
  for (let u = marginPx; u < width - marginPx; u++) {
    const x = u * pixelMm,
      surface = bone?.(x);
    for (let v = 0; v < height; v++) {
      const y = v * pixelMm;
      const below = surface === undefined ? -1 : y - surface;
      let gray = tissueGray + 18 * speckle[v * width + u]!;
      for (const line of fascia) gray += 110 * band(y - line(x), 0.3);
      if (below > 0) gray = Math.max(4, gray * Math.exp(-below / 0.8)) + 25 * Math.exp(-below / 2.5);
      if (surface !== undefined) gray += 130 * band(below, 0.4);
      if (y < 0.3) gray = 230; // the skin line
      pixels[v * width + u] = Math.max(3, Math.min(255, Math.round(gray)));
    }
  }
  return { width, height, pixels };
}

/** Normal noise of unit variance, smoothed over the sizes of a speckle (pixels, standard deviations). */
function smoothNoise(width: number, height: number, acrossPx: number, alongPx: number, rng: Rng): Float32Array {
  let field = Float32Array.from({ length: width * height }, () => rng.normal());
  for (const [sigma, stride, length] of [
    [acrossPx, 1, width],
    [alongPx, width, height],
  ] as const) {
    const radius = Math.ceil(2 * sigma);
    const taps = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
    const norm = Math.sqrt(taps.reduce((sum, tap) => sum + tap * tap, 0));
    const next = new Float32Array(field.length);
    for (let at = 0; at < field.length; at++) {
      const place = Math.floor(at / stride) % length;
      for (let k = -radius; k <= radius; k++) {
        if (place + k >= 0 && place + k < length) next[at]! += (taps[k + radius]! / norm) * field[at + k * stride]!;
      }
    }
    field = next;
  }
  return field;
}
