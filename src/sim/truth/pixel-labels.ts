import { indexFromMm, sampleTrilinear } from "../../geometry/grid.ts";
import { multiply3x4 } from "../../core/rigid.ts";
import { imageFromPixel, type ImageGeometry } from "../../data/image.ts";
import { pushedMm } from "../probe/compression.ts";
import type { Scene } from "../scene.ts";

/** Set on the label of a pixel below the first bone on its beam: no sound reaches it. */
export const SHADOW = 128;
/** Label of a pixel outside the scene. */
export const OUTSIDE = 127;

/** Radius of the face whose field of view this is; 0 for a flat one. */
const faceRadiusMm = ({ fieldOfView }: ImageGeometry): number =>
  fieldOfView?.kind === "sector" ? fieldOfView.radiusMm : 0;

/** Beams of a sector are told apart by their angle, this finely, rad: less than a pixel at any depth. */
const ANGLE_STEP_RAD = 0.001;
const ANGLES = 2 * Math.ceil(Math.PI / 2 / ANGLE_STEP_RAD) + 1;
const angleIndex = (angle: number): number => Math.round(angle / ANGLE_STEP_RAD) + (ANGLES - 1) / 2;

/**
 * What lies at each pixel, at its true place (not where the scanner's speed of sound shows it): an index into
 * `scene.tissues`, plus `SHADOW` below the first bone of its beam; `OUTSIDE` beyond the scene. Tissue that the face has
 * pushed down is where it is now. Rows of columns.
 */
export function pixelLabels(
  scene: Scene,
  kneeFromImage: Readonly<Float64Array>,
  geometry: ImageGeometry,
  trueRidge: Readonly<Float32Array>,
): Uint8Array {
  const { width, height } = geometry;
  const labelAt = labelSampler(scene, kneeFromImage, geometry);
  const isShadow = shadowTest(geometry, trueRidge);
  const labels = new Uint8Array(width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const label = labelAt(u, v);
      labels[v * width + u] = isShadow(u, v) ? label | SHADOW : label;
    }
  }
  return labels;
}

type PixelTest<T> = (u: number, v: number) => T;

/** The tissue that is at a pixel while the probe presses. */
function labelSampler(scene: Scene, k: Readonly<Float64Array>, geometry: ImageGeometry): PixelTest<number> {
  const { grid, boneDistanceMm, skinDistanceMm, tissue, fluid } = scene;
  const [nx, ny, nz] = grid.shape;
  const { spacingMm, faceCentrePx } = geometry;
  const radius = faceRadiusMm(geometry);
  const m = indexFromMm(grid);
  const at = (field: Float32Array, x: number, y: number, outside: number): number =>
    sampleTrilinear(
      grid,
      field,
      k[0]! * x + k[1]! * y + k[3]!,
      k[4]! * x + k[5]! * y + k[7]!,
      k[8]! * x + k[9]! * y + k[11]!,
      outside,
    );
  /** How deep the face sits in the resting skin where a beam leaves it. */
  const indents = new Map<number, number>();
  function indentMm(key: number, x: number, y: number): number {
    const known = indents.get(key);
    if (known !== undefined) return known;
    const found = fluid ? 0 : Math.max(0, -at(skinDistanceMm, x, y, 0));
    indents.set(key, found);
    return found;
  }
  return (u, v) => {
    let x = (u - faceCentrePx[0]) * spacingMm[0],
      y = (v - faceCentrePx[1]) * spacingMm[1];
    const range = Math.hypot(x, y + radius),
      depth = radius ? range - radius : y;
    const dx = radius ? x / range : 0, dy = radius ? (y + radius) / range : 1; // prettier-ignore
    const indent = indentMm(
      radius ? angleIndex(Math.atan2(dx, dy)) : u,
      radius ? radius * dx : x,
      radius ? radius * (dy - 1) : 0,
    );
    if (indent > 0 && depth >= 0) {
      const push = pushedMm(indent, depth, at(boneDistanceMm, x, y, FAR_MM));
      x -= push * dx;
      y -= push * dy;
    }
    const px = k[0]! * x + k[1]! * y + k[3]!, py = k[4]! * x + k[5]! * y + k[7]!, pz = k[8]! * x + k[9]! * y + k[11]!; // prettier-ignore
    const i = Math.round(m[0]! * px + m[1]! * py + m[2]! * pz + m[3]!),
      j = Math.round(m[4]! * px + m[5]! * py + m[6]! * pz + m[7]!),
      l = Math.round(m[8]! * px + m[9]! * py + m[10]! * pz + m[11]!);
    const inside = i >= 0 && j >= 0 && l >= 0 && i < nx && j < ny && l < nz;
    return inside ? tissue[(l * ny + j) * nx + i]! : OUTSIDE;
  };
}

/** Beyond the scene no bone is near. */
const FAR_MM = 100;

/** Whether a pixel lies beyond the bone that its beam met. */
function shadowTest(geometry: ImageGeometry, trueRidge: Readonly<Float32Array>): PixelTest<boolean> {
  const radius = faceRadiusMm(geometry);
  if (!radius) return (u, v) => v > trueRidge[u]!;
  const { width, spacingMm, faceCentrePx } = geometry;
  const polar = (u: number, v: number): [angle: number, range: number] => {
    const x = (u - faceCentrePx[0]) * spacingMm[0],
      y = (v - faceCentrePx[1]) * spacingMm[1] + radius;
    return [Math.atan2(x, y), Math.hypot(x, y)];
  };
  const nearest = new Float32Array(ANGLES).fill(Infinity);
  for (let u = 0; u < width; u++) {
    if (Number.isNaN(trueRidge[u]!)) continue;
    const [angle, range] = polar(u, trueRidge[u]!);
    // On to the next column's point, or half a column where there is none.
    const next = u + 1 < width && !Number.isNaN(trueRidge[u + 1]!) ? polar(u + 1, trueRidge[u + 1]!) : undefined;
    const [toAngle, toRange] = next ?? [angle, range];
    const first = angleIndex(Math.min(angle, toAngle)), last = angleIndex(Math.max(angle, toAngle)); // prettier-ignore
    for (let i = first; i <= last; i++) {
      const share = last > first ? Math.abs(i - angleIndex(angle)) / (last - first) : 0;
      nearest[i] = Math.min(nearest[i]!, range + share * (toRange - range));
    }
  }
  return (u, v) => {
    const [angle, range] = polar(u, v);
    return range > nearest[angleIndex(angle)]!;
  };
}

/**
 * Row at which a scanner that assumes one speed of sound shows the ridge: what is above it on its beam delays or advances
 * the echo. `labels` as `pixelLabels` gives them. NaN where there is no ridge. Below a curved face the echo also moves
 * aside by the sine of the beam's angle; that part is left out.
 */
export function shownRidge(
  { tissues }: Scene,
  labels: Readonly<Uint8Array>,
  geometry: ImageGeometry,
  trueRidge: Readonly<Float32Array>,
  assumedSpeedMps: number,
): Float32Array {
  const { width, height, faceCentrePx, spacingMm } = geometry;
  const stretch = Float64Array.from({ length: 128 }, (_, i) => assumedSpeedMps / (tissues[i]?.speedMps ?? WATER_MPS));
  const faceRow = faceCentrePx[1],
    radius = faceRadiusMm(geometry);
  return trueRidge.map((ridge, u) => {
    if (Number.isNaN(ridge)) return NaN;
    if (radius) {
      const x = (u - faceCentrePx[0]) * spacingMm[0],
        y = (ridge - faceRow) * spacingMm[1] + radius,
        range = Math.hypot(x, y);
      const steps = Math.max(1, Math.ceil((range - radius) / spacingMm[1])),
        step = (range - radius) / steps;
      let shown = 0;
      for (let i = 0; i < steps; i++) {
        const share = (radius + (i + 0.5) * step) / range;
        const column = Math.round((share * x) / spacingMm[0] + faceCentrePx[0]),
          row = Math.round((share * y - radius) / spacingMm[1] + faceRow);
        const label =
          labels[Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))]!;
        shown += step * stretch[label & 127]!;
      }
      return (((radius + shown) * y) / range - radius) / spacingMm[1] + faceRow;
    }
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
  const k = kneeFromImage,
    m = multiply3x4(k, imageFromPixel(geometry)),
    radius = faceRadiusMm(geometry);
  const at = (x: number, y: number, z: number): number =>
    sampleTrilinear(scene.grid, scene.boneDistanceMm, x, y, z, NaN);
  return trueRidge.map((row, column) => {
    const x = m[0]! * column + m[1]! * row + m[3]!,
      y = m[4]! * column + m[5]! * row + m[7]!,
      z = m[8]! * column + m[9]! * row + m[11]!;
    const nx = at(x + SLOPE_MM, y, z) - at(x - SLOPE_MM, y, z),
      ny = at(x, y + SLOPE_MM, z) - at(x, y - SLOPE_MM, z),
      nz = at(x, y, z + SLOPE_MM) - at(x, y, z - SLOPE_MM);
    const { spacingMm, faceCentrePx } = geometry;
    const angle = radius
      ? Math.atan2((column - faceCentrePx[0]) * spacingMm[0], (row - faceCentrePx[1]) * spacingMm[1] + radius)
      : 0;
    const dx = Math.sin(angle), dy = Math.cos(angle); // prettier-ignore
    const along = nx * (k[0]! * dx + k[1]! * dy) + ny * (k[4]! * dx + k[5]! * dy) + nz * (k[8]! * dx + k[9]! * dy);
    return -along / Math.hypot(nx, ny, nz);
  });
}
