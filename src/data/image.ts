/** Gray values, rows of columns: index v · width + u. u runs along the transducer face, v along depth. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array | Int16Array | Float32Array;
}

/** An image that the pipeline works on: 8 bits. */
export interface GrayImage extends Image {
  readonly pixels: Uint8Array;
}

/**
 * How the pixels of a display lie in the image frame (origin at the centre of the transducer face, +x to the marked
 * side, +y along depth, mm). The point of pixel (u, v) is ((u − faceCentrePx[0]) · spacingMm[0],
 * (v − faceCentrePx[1]) · spacingMm[1], 0); pixel indices address pixel centres.
 */
export interface ImageGeometry {
  readonly width: number;
  readonly height: number;
  readonly spacingMm: readonly [number, number];
  readonly faceCentrePx: readonly [number, number];
  /** Where echoes are shown; the whole image when the device does not say. */
  readonly fieldOfView?: FieldOfView;
}

/**
 * The part of a display that shows echoes, in the image frame, mm; what lies outside is black or carries text. Rectangle:
 * `widthMm` about the middle of the face, down to `depthMm`. Sector: between the circles of `radiusMm` (the curved
 * face) and `radiusMm + depthMm` about (0, −radiusMm), `angleRad` wide in all.
 */
export type FieldOfView =
  | { readonly kind: "rectangle"; readonly widthMm: number; readonly depthMm: number }
  | { readonly kind: "sector"; readonly radiusMm: number; readonly angleRad: number; readonly depthMm: number };

/** Whether a value from outside is a field of view with usable numbers. */
export function isFieldOfView(value: unknown): value is FieldOfView {
  if (typeof value !== "object" || value === null) return false;
  const field = value as Readonly<Record<string, unknown>>;
  const positive = (name: string): boolean => {
    const number = field[name];
    return typeof number === "number" && number > 0 && Number.isFinite(number);
  };
  if (!positive("depthMm")) return false;
  return field["kind"] === "rectangle"
    ? positive("widthMm")
    : field["kind"] === "sector" &&
        positive("radiusMm") &&
        positive("angleRad") &&
        Number(field["angleRad"]) <= 2 * Math.PI;
}

/** Whether the point (x, y) of the image frame, mm, is shown. */
export function isShown(field: FieldOfView, x: number, y: number): boolean {
  if (field.kind === "rectangle") return Math.abs(x) <= field.widthMm / 2 && y >= 0 && y <= field.depthMm;
  const { radiusMm, angleRad, depthMm } = field;
  const range = Math.hypot(x, y + radiusMm) - radiusMm;
  return range >= 0 && range <= depthMm && Math.abs(Math.atan2(x, y + radiusMm)) <= angleRad / 2;
}

/** 1 for every pixel within the field of view, rows of columns; undefined when all of them are. */
export function shownPixels({
  width,
  height,
  spacingMm,
  faceCentrePx,
  fieldOfView,
}: ImageGeometry): Uint8Array | undefined {
  if (!fieldOfView) return undefined;
  const shown = new Uint8Array(width * height);
  for (let v = 0, at = 0; v < height; v++) {
    const y = (v - faceCentrePx[1]) * spacingMm[1];
    for (let u = 0; u < width; u++, at++) {
      if (isShown(fieldOfView, (u - faceCentrePx[0]) * spacingMm[0], y)) shown[at] = 1;
    }
  }
  return shown;
}

/** Row-major 3×4 that takes (column, row, 0) of a pixel to the image frame, mm. */
export function imageFromPixel({ spacingMm: [sx, sy], faceCentrePx: [cx, cy] }: ImageGeometry): Float64Array {
  // The third column keeps the matrix invertible: one pixel "out of the plane" is as long as the mean pixel.
  return Float64Array.of(sx, 0, 0, -cx * sx, 0, sy, 0, -cy * sy, 0, 0, (sx + sy) / 2, 0);
}

/** A third column that differs by more than this share from the mean pixel is not as `imageFromPixel` makes it. */
const AS_LONG = 1e-6;

/**
 * The same map of pixels (column, row, 0) with a third column as long as the mean pixel, so that it and `imageFromPixel`
 * differ by a rigid motion alone. Files say nothing of that column: PLUS writes the mean pixel, others 1 or 0. Row-major
 * 3×4, mm; the matrix itself where its column fits.
 */
export function withMeanPixelDepth(m: Float64Array): Float64Array {
  const column = (k: number): readonly [number, number, number] => [m[k]!, m[4 + k]!, m[8 + k]!];
  const x = column(0), y = column(1), z = column(2); // prettier-ignore
  const wanted = (Math.hypot(...x) + Math.hypot(...y)) / 2,
    found = Math.hypot(...z);
  if (Math.abs(found - wanted) <= AS_LONG * wanted) return m;
  const across = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]] as const;
  const normal = found > 0 ? z : across,
    scale = wanted / Math.hypot(...normal);
  const out = m.slice();
  for (const axis of [0, 1, 2] as const) out[4 * axis + 2] = scale * normal[axis];
  return out;
}
