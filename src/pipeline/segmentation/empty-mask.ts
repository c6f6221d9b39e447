import type { BoneMask } from "../../data/bone-mask.ts";
import type { GrayImage } from "../../data/image.ts";

/** No bone in any column. */
export const emptyMask = ({ width, height }: Pick<GrayImage, "width" | "height">): BoneMask => ({
  width,
  height,
  probability: new Uint8Array(width * height),
  ridgeRowPx: new Float32Array(width).fill(NaN),
  ridgeConfidence: new Float32Array(width),
  ridgeSdPx: new Float32Array(width).fill(NaN),
});
