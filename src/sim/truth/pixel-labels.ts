import { indexFromMm, sampleTrilinear } from "../../geometry/grid.ts";
import { multiply3x4 } from "../../core/rigid.ts";
import { imageFromPixel, type ImageGeometry } from "../../data/image.ts";
import type { Scene } from "../scene.ts";

/** Set on the label of a pixel below the first bone of its column: no sound reaches it. */
export const SHADOW = 128;
/** Label of a pixel outside the scene. */
export const OUTSIDE = 127;

/**
 * What lies at each pixel, at its true place (not where the scanner's speed of sound shows it): an index into
 * `scene.tissues`, plus `SHADOW` below the first bone of the column; `OUTSIDE` beyond the scene. Rows of columns.
 */
export function pixelLabels(
  scene: Scene,
  kneeFromImage: Readonly<Float64Array>,
  geometry: ImageGeometry,
  trueRidge: Readonly<Float32Array>,
): Uint8Array {
  const { width, height } = geometry;
  const m = multiply3x4(indexFromMm(scene.grid), multiply3x4(kneeFromImage, imageFromPixel(geometry)));
  const [nx, ny, nz] = scene.grid.shape;
  const labels = new Uint8Array(width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const i = Math.round(m[0]! * u + m[1]! * v + m[3]!),
        j = Math.round(m[4]! * u + m[5]! * v + m[7]!),
        k = Math.round(m[8]! * u + m[9]! * v + m[11]!);
      const inside = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
      const label = inside ? scene.tissue[(k * ny + j) * nx + i]! : OUTSIDE;
      labels[v * width + u] = v > trueRidge[u]! ? label | SHADOW : label;
    }
  }
  return labels;
}

/**
 * Row at which a scanner that assumes one speed of sound shows the ridge: what is above it delays or advances the echo.
 * `labels` as `pixelLabels` gives them. NaN where there is no ridge.
 */
export function shownRidge(
  { tissues }: Scene,
  labels: Readonly<Uint8Array>,
  { width, faceCentrePx }: ImageGeometry,
  trueRidge: Readonly<Float32Array>,
  assumedSpeedMps: number,
): Float32Array {
  const stretch = Float64Array.from({ length: 128 }, (_, i) => assumedSpeedMps / (tissues[i]?.speedMps ?? WATER_MPS));
  const faceRow = faceCentrePx[1];
  return trueRidge.map((ridge, u) => {
    if (Number.isNaN(ridge)) return NaN;
    let shown = faceRow;
    // A pixel reaches half a row to either side of its centre.
    for (let v = Math.max(0, Math.round(faceRow)); v - 0.5 < ridge; v++) {
      const part = Math.min(ridge, v + 0.5) - Math.max(faceRow, v - 0.5);
      if (part > 0) shown += part * stretch[labels[v * width + u]! & 127]!;
    }
    return shown;
  });
}

/** Of what is beyond the scene: gel. */
const WATER_MPS = 1540;

/** Distance over which the slope of bone is taken, mm: about the pulse. */
const SLOPE_MM = 0.75;

/** Cosine between the beam and the bone's normal where the ridge is; NaN where there is none. One number a column. */
export function ridgeCosines(
  scene: Scene,
  kneeFromImage: Readonly<Float64Array>,
  geometry: ImageGeometry,
  trueRidge: Readonly<Float32Array>,
): Float32Array {
  const m = multiply3x4(kneeFromImage, imageFromPixel(geometry));
  const at = (x: number, y: number, z: number): number =>
    sampleTrilinear(scene.grid, scene.boneDistanceMm, x, y, z, NaN);
  return trueRidge.map((row, column) => {
    const x = m[0]! * column + m[1]! * row + m[3]!,
      y = m[4]! * column + m[5]! * row + m[7]!,
      z = m[8]! * column + m[9]! * row + m[11]!;
    const nx = at(x + SLOPE_MM, y, z) - at(x - SLOPE_MM, y, z),
      ny = at(x, y + SLOPE_MM, z) - at(x, y - SLOPE_MM, z),
      nz = at(x, y, z + SLOPE_MM) - at(x, y, z - SLOPE_MM);
    const along = nx * kneeFromImage[1]! + ny * kneeFromImage[5]! + nz * kneeFromImage[9]!;
    return -along / Math.hypot(nx, ny, nz);
  });
}
