import type { BoneMask } from "../../data/bone-mask.ts";
import type { GrayImage, ImageGeometry } from "../../data/image.ts";

/**
 * A sector laid out by its beams: columns are directions, rows are depths below the curved face. Detectors look along
 * columns for bone and the shadow below it; in a sector these run along the beams.
 */
export interface Unfolding {
  /** Distance of neighbouring columns (on the arc half way down) and rows of the laid-out picture, mm. */
  readonly pixelMm: readonly [number, number];
  layOut(image: GrayImage): GrayImage;
  /** What was found in the laid-out picture, as a mask of the picture itself. */
  foldBack(mask: BoneMask): BoneMask;
}

/** Undefined where beams run along the columns already, or the device does not say how they run. */
export function unfoldingOf(geometry: ImageGeometry | undefined): Unfolding | undefined {
  const field = geometry?.fieldOfView;
  if (field?.kind !== "sector") return undefined;
  const { width, height, spacingMm, faceCentrePx } = geometry!;
  const { radiusMm, angleRad, depthMm } = field;
  const columns = Math.max(2, Math.round((angleRad * (radiusMm + depthMm / 2)) / spacingMm[0]) + 1),
    rows = Math.max(2, Math.floor(depthMm / spacingMm[1]) + 1);
  const stepRad = angleRad / (columns - 1);
  const toPixel = (column: number, row: number): [u: number, v: number] => {
    const angle = column * stepRad - angleRad / 2,
      range = radiusMm + row * spacingMm[1];
    return [
      (range * Math.sin(angle)) / spacingMm[0] + faceCentrePx[0],
      (range * Math.cos(angle) - radiusMm) / spacingMm[1] + faceCentrePx[1],
    ];
  };
  const toBeam = (u: number, v: number): [column: number, row: number] => {
    const x = (u - faceCentrePx[0]) * spacingMm[0],
      y = (v - faceCentrePx[1]) * spacingMm[1] + radiusMm;
    return [(Math.atan2(x, y) + angleRad / 2) / stepRad, (Math.hypot(x, y) - radiusMm) / spacingMm[1]];
  };
  return {
    pixelMm: [stepRad * (radiusMm + depthMm / 2), spacingMm[1]],
    layOut: (image) => resampled(image, { width: columns, height: rows }, toPixel),
    foldBack: (mask) => ({
      width,
      height,
      probability: resampled({ width: columns, height: rows, pixels: mask.probability }, { width, height }, toBeam)
        .pixels,
      ...foldRidge(mask, width, height, toPixel),
    }),
  };
}

type Mapping = (u: number, v: number) => readonly [number, number];

/** Bilinear; 0 outside `from`. */
function resampled(
  from: GrayImage,
  { width, height }: { readonly width: number; readonly height: number },
  source: Mapping,
): GrayImage {
  const pixels = new Uint8Array(width * height);
  for (let v = 0, to = 0; v < height; v++) {
    for (let u = 0; u < width; u++, to++) {
      const [x, y] = source(u, v);
      const i = Math.floor(x), j = Math.floor(y); // prettier-ignore
      if (i < -1 || j < -1 || i >= from.width || j >= from.height) continue;
      const a = x - i, b = y - j; // prettier-ignore
      const at = (column: number, row: number): number =>
        column < 0 || row < 0 || column >= from.width || row >= from.height
          ? 0
          : from.pixels[row * from.width + column]!;
      const top = at(i, j) + a * (at(i + 1, j) - at(i, j)),
        bottom = at(i, j + 1) + a * (at(i + 1, j + 1) - at(i, j + 1));
      pixels[to] = Math.round(top + b * (bottom - top));
    }
  }
  return { width, height, pixels };
}

/** The ridge as a line through the picture; in each column its topmost point. */
function foldRidge(
  { ridgeRowPx, ridgeConfidence, ridgeSdPx }: BoneMask,
  width: number,
  height: number,
  toPixel: Mapping,
): Pick<BoneMask, "ridgeRowPx" | "ridgeConfidence" | "ridgeSdPx"> {
  const row = new Float32Array(width).fill(NaN),
    confidence = new Float32Array(width),
    sd = new Float32Array(width).fill(NaN);
  for (let column = 0; column + 1 < ridgeRowPx.length; column++) {
    const here = ridgeRowPx[column]!, next = ridgeRowPx[column + 1]!; // prettier-ignore
    if (Number.isNaN(here + next)) continue;
    const [u0, v0] = toPixel(column, here),
      [u1, v1] = toPixel(column + 1, next);
    for (let u = Math.max(0, Math.ceil(Math.min(u0, u1))); u <= Math.min(width - 1, Math.max(u0, u1)); u++) {
      const share = u1 === u0 ? 0 : (u - u0) / (u1 - u0),
        v = v0 + share * (v1 - v0);
      if (v < 0 || v > height - 1 || v >= row[u]!) continue;
      row[u] = v;
      confidence[u] = ridgeConfidence[column]! + share * (ridgeConfidence[column + 1]! - ridgeConfidence[column]!);
      sd[u] = ridgeSdPx[column]! + share * (ridgeSdPx[column + 1]! - ridgeSdPx[column]!);
    }
  }
  return { ridgeRowPx: row, ridgeConfidence: confidence, ridgeSdPx: sd };
}
