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
}

/** Row-major 3×4 that takes (column, row, 0) of a pixel to the image frame, mm. */
export function imageFromPixel({ spacingMm: [sx, sy], faceCentrePx: [cx, cy] }: ImageGeometry): Float64Array {
  // The third column keeps the matrix invertible: one pixel "out of the plane" is as long as the mean pixel.
  return Float64Array.of(sx, 0, 0, -cx * sx, 0, sy, 0, -cy * sy, 0, 0, (sx + sy) / 2, 0);
}
