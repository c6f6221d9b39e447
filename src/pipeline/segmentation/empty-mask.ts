import type { BoneMask, FrameFlag } from "../../data/bone-mask.ts";
import type { GrayImage } from "../../data/image.ts";

/** For a frame in which no bone could be looked for, and why. */
export const emptyMask = ({ width, height }: Pick<GrayImage, "width" | "height">, flag: FrameFlag): BoneMask => ({
  width,
  height,
  probability: new Uint8Array(width * height),
  ridgeRowPx: new Float32Array(width).fill(NaN),
  ridgeConfidence: new Float32Array(width),
  ridgeSdPx: new Float32Array(width).fill(NaN),
  flag,
});
