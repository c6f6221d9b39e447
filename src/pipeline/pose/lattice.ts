import { isShown, type GrayImage, type ImageGeometry } from "../../data/image.ts";

/**
 * Square cells over the shown part of a picture, in which speckle is compared: pictures of any pixel size end on the
 * same cells, so that what was calibrated or learned on one holds on the other.
 */
export interface Lattice {
  readonly columns: number;
  readonly rows: number;
  readonly cellMm: number;
  /** Middle of cell (0, 0) in the image frame, mm. */
  readonly originMm: readonly [number, number];
  /** 1 where the cell lies within the field of view. */
  readonly shown: Uint8Array;
}

/** Half the axial length of a speckle of the default probe; a quarter of its width. */
export const CELL_MM = 0.2;

/** No method here needs more cells; a picture that has more is not read at this cell size. */
const MAX_CELLS = 1 << 20;

export function latticeOf(geometry: ImageGeometry, cellMm = CELL_MM): Lattice {
  const { width, height, spacingMm, faceCentrePx, fieldOfView } = geometry;
  const left = -faceCentrePx[0] * spacingMm[0],
    top = -faceCentrePx[1] * spacingMm[1];
  let fromX = left,
    toX = left + (width - 1) * spacingMm[0],
    fromY = Math.max(top, 0),
    toY = top + (height - 1) * spacingMm[1];
  if (fieldOfView?.kind === "rectangle") {
    fromX = Math.max(fromX, -fieldOfView.widthMm / 2);
    toX = Math.min(toX, fieldOfView.widthMm / 2);
    toY = Math.min(toY, fieldOfView.depthMm);
  } else if (fieldOfView) fromY = top;
  const columns = Math.floor((toX - fromX) / cellMm),
    rows = Math.floor((toY - fromY) / cellMm);
  if (!(columns > 0 && rows > 0 && columns * rows <= MAX_CELLS)) {
    throw new RangeError(`a picture of ${columns} by ${rows} cells cannot be compared`);
  }
  const originMm = [fromX + cellMm / 2, fromY + cellMm / 2] as const;
  const shown = new Uint8Array(columns * rows).fill(1);
  if (fieldOfView) {
    for (let at = 0; at < shown.length; at++) {
      const x = originMm[0] + (at % columns) * cellMm,
        y = originMm[1] + Math.floor(at / columns) * cellMm;
      shown[at] = isShown(fieldOfView, x, y) ? 1 : 0;
    }
  }
  return { columns, rows, cellMm, originMm, shown };
}

/** From a picture to cells of 8 bits, on the picture's own scale of decibels. */
export type Resample = (image: GrayImage) => Uint8Array;

/**
 * The cell's mean power, as the logarithm that the picture shows (`dynamicRangeDb` from black to white). A picture coarser
 * than the cells is interpolated between its pixels instead.
 */
export function resampler(lattice: Lattice, geometry: ImageGeometry, dynamicRangeDb: number): Resample {
  const { spacingMm } = geometry;
  return Math.max(...spacingMm) > 0.75 * lattice.cellMm
    ? interpolated(lattice, geometry)
    : averaged(lattice, geometry, dynamicRangeDb);
}

function averaged(lattice: Lattice, geometry: ImageGeometry, dynamicRangeDb: number): Resample {
  const { columns, rows, cellMm, originMm, shown } = lattice;
  const { width, height, spacingMm, faceCentrePx } = geometry;
  const edges = (count: number, origin: number, axis: 0 | 1, limit: number): Int32Array =>
    Int32Array.from({ length: count + 1 }, (_, i) => {
      const mm = origin + (i - 0.5) * cellMm;
      return Math.min(limit, Math.max(0, Math.ceil(mm / spacingMm[axis] + faceCentrePx[axis])));
    });
  const u = edges(columns, originMm[0], 0, width),
    v = edges(rows, originMm[1], 1, height);
  const grayPerDb = 255 / dynamicRangeDb;
  const power = Float64Array.from({ length: 256 }, (_, gray) => 10 ** (gray / grayPerDb / 10));
  const sums = new Float64Array(columns);
  return ({ pixels }) => {
    const cells = new Uint8Array(columns * rows);
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      for (let y = v[row]!; y < v[row + 1]!; y++) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let at = y * width + u[column]!, end = y * width + u[column + 1]!; at < end; at++)
            sum += power[pixels[at]!]!;
          sums[column]! += sum;
        }
      }
      const down = v[row + 1]! - v[row]!;
      for (let column = 0, at = row * columns; column < columns; column++, at++) {
        const mean = sums[column]! / Math.max(1, down * (u[column + 1]! - u[column]!));
        cells[at] = shown[at] ? Math.min(255, Math.max(0, Math.round(10 * Math.log10(mean) * grayPerDb))) : 0;
      }
    }
    return cells;
  };
}

function interpolated(lattice: Lattice, geometry: ImageGeometry): Resample {
  const { columns, rows, cellMm, originMm, shown } = lattice;
  const { width, height, spacingMm, faceCentrePx } = geometry;
  return ({ pixels }) =>
    Uint8Array.from({ length: columns * rows }, (_, at) => {
      if (!shown[at]) return 0;
      const x = (originMm[0] + (at % columns) * cellMm) / spacingMm[0] + faceCentrePx[0],
        y = (originMm[1] + Math.floor(at / columns) * cellMm) / spacingMm[1] + faceCentrePx[1];
      const u = Math.min(width - 2, Math.max(0, Math.floor(x))),
        v = Math.min(height - 2, Math.max(0, Math.floor(y)));
      const s = Math.min(1, Math.max(0, x - u)),
        t = Math.min(1, Math.max(0, y - v)),
        from = v * width + u;
      const top = pixels[from]! * (1 - s) + pixels[from + 1]! * s,
        bottom = pixels[from + width]! * (1 - s) + pixels[from + width + 1]! * s;
      return Math.round(top * (1 - t) + bottom * t);
    });
}
