import type { GrayImage } from "../../data/image.ts";

/** Gaussian across the surface, `sigmaMm` wide, times the column's confidence. */
export function drawBand(
  { width, height }: Pick<GrayImage, "width" | "height">,
  ridgeRowPx: Readonly<Float32Array>,
  confidence: Readonly<Float32Array>,
  [columnMm, rowMm]: readonly [number, number],
  sigmaMm: number,
): Uint8Array {
  const probability = new Uint8Array(width * height);
  for (let u = 0; u < width; u++) {
    const row = ridgeRowPx[u]!;
    if (Number.isNaN(row)) continue;
    const left = ridgeRowPx[u - 2] ?? NaN, right = ridgeRowPx[u + 2] ?? NaN; // prettier-ignore
    const slope = Number.isNaN(left + right) ? 0 : ((right - left) * rowMm) / (4 * columnMm);
    const sigmaPx = (sigmaMm * Math.hypot(1, slope)) / rowMm; // along the beam a tilted band is longer
    const from = Math.max(0, Math.ceil(row - 3 * sigmaPx)), to = Math.min(height - 1, Math.floor(row + 3 * sigmaPx)); // prettier-ignore
    for (let v = from; v <= to; v++) {
      const level = 255 * confidence[u]! * Math.exp(-0.5 * ((v - row) / sigmaPx) ** 2);
      probability[v * width + u] = Math.round(level);
    }
  }
  return probability;
}
