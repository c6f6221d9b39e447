import type { GrayImage } from "../../data/image.ts";

/** Where the picture shows anything: black margins beside and below a linear probe's image carry no echo. */
export interface Aperture {
  /** First and last column that hold echoes; `last` < `first` when the image is black. */
  readonly first: number;
  readonly last: number;
  /** Per image column: the row of its first echo, and of its last; −1 in a black column. */
  readonly top: Int32Array;
  readonly bottom: Int32Array;
}

/** Gray level up to which a pixel counts as black: above it a frame grabber's noise, below it any receiver's. */
const BLACK = 2;

export function findAperture({ pixels, width, height }: GrayImage): Aperture {
  const top = new Int32Array(width).fill(-1),
    bottom = new Int32Array(width).fill(-1),
    lit = new Int32Array(width);
  for (let v = 0, at = 0; v < height; v++) {
    for (let u = 0; u < width; u++, at++) {
      if (pixels[at]! <= BLACK) continue;
      if (top[u]! < 0) top[u] = v;
      bottom[u] = v;
      lit[u]!++;
    }
  }
  // A rule or a line of text across the margin must not open it: a column of tissue is lit in many rows.
  const needed = Math.max(2, 0.05 * height);
  let first = width,
    last = -1;
  for (let u = 0; u < width; u++) {
    if (lit[u]! < needed) {
      top[u] = bottom[u] = -1;
      continue;
    }
    if (u < first) first = u;
    last = u;
  }
  return { first, last, top, bottom };
}

/**
 * The aperture resampled to cells of a fixed size in mm, so that every later constant is a length on the patient.
 * Stored column after column (index column · rows + row): the detector works along the beam.
 */
export interface WorkingImage {
  readonly columns: number;
  readonly rows: number;
  readonly gray: Float32Array;
  /** Image column of working column i: `firstColumnPx + i · columnStepPx`; rows likewise, from image row 0. */
  readonly firstColumnPx: number;
  readonly columnStepPx: number;
  readonly rowStepPx: number;
  /** Per working column: first and last working row inside the aperture; `end` < `begin` in a black column. */
  readonly begin: Int32Array;
  readonly end: Int32Array;
}

/** Averages over a triangle as wide as two working cells (or interpolates, where a pixel is wider than a cell). */
export function resampling(
  source: number,
  first: number,
  step: number,
  count: number,
): { at: Int32Array; taps: Float32Array; width: number } {
  const radius = Math.max(step, 1);
  const width = 2 * Math.ceil(radius) + 1;
  const at = new Int32Array(count),
    taps = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const centre = first + i * step;
    const begin = Math.ceil(centre - radius);
    at[i] = begin;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const inside = begin + k >= 0 && begin + k < source;
      const weight = inside ? Math.max(0, 1 - Math.abs(begin + k - centre) / radius) : 0;
      taps[i * width + k] = weight;
      sum += weight;
    }
    if (sum > 0) for (let k = 0; k < width; k++) taps[i * width + k]! /= sum;
  }
  return { at, taps, width };
}

export function workingImage(
  { pixels, width, height }: GrayImage,
  aperture: Aperture,
  pixelMm: readonly [number, number],
  cellMm: readonly [number, number],
): WorkingImage {
  const columnStepPx = cellMm[0] / pixelMm[0],
    rowStepPx = cellMm[1] / pixelMm[1];
  const columns = Math.max(1, Math.floor((aperture.last - aperture.first) / columnStepPx) + 1);
  const rows = Math.max(1, Math.floor((height - 1) / rowStepPx) + 1);
  const across = resampling(width, aperture.first, columnStepPx, columns);
  const down = resampling(height, 0, rowStepPx, rows);
  const narrow = new Float32Array(columns * height);
  for (let i = 0; i < columns; i++) {
    const from = across.at[i]!;
    for (let v = 0; v < height; v++) {
      let sum = 0;
      for (let k = 0; k < across.width; k++) {
        const weight = across.taps[i * across.width + k]!;
        if (weight > 0) sum += weight * pixels[v * width + from + k]!;
      }
      narrow[i * height + v] = sum;
    }
  }
  const gray = new Float32Array(columns * rows);
  const begin = new Int32Array(columns),
    end = new Int32Array(columns);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < rows; j++) {
      const from = down.at[j]!;
      let sum = 0;
      for (let k = 0; k < down.width; k++) {
        const weight = down.taps[j * down.width + k]!;
        if (weight > 0) sum += weight * narrow[i * height + from + k]!;
      }
      gray[i * rows + j] = sum;
    }
    const u = Math.min(width - 1, Math.round(aperture.first + i * columnStepPx));
    const lit = aperture.top[u]! >= 0;
    begin[i] = lit ? Math.ceil(aperture.top[u]! / rowStepPx) : rows;
    end[i] = lit ? Math.min(rows - 1, Math.floor(aperture.bottom[u]! / rowStepPx)) : -1;
  }
  return { columns, rows, gray, firstColumnPx: aperture.first, columnStepPx, rowStepPx, begin, end };
}
