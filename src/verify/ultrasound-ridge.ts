import type { GrayImage } from "../data/image.ts";

/** The bright line of bone in one column of a picture. */
export interface RidgeReading {
  readonly row: number;
  readonly gray: number;
  /** Straight down, between the places where the gray falls to half of the peak (a straight line from row to row), mm. */
  readonly thicknessMm: number;
}

/** Bone is shown at most this far above and below the row where it is looked for, mm. */
const ABOVE_MM = 1.5;
const BELOW_MM = 2;

/** Brightest row near `row` and how thick the ridge is there, as reference 3.1 measures it; undefined at the edge. */
export function ridgeAt(
  { pixels, width, height }: GrayImage,
  column: number,
  row: number,
  rowMm: number,
): RidgeReading | undefined {
  const from = Math.round(row - ABOVE_MM / rowMm),
    to = Math.round(row + BELOW_MM / rowMm);
  if (!(from >= 1 && to < height - 1)) return undefined;
  let peak = from;
  for (let v = from; v <= to; v++) if (pixels[v * width + column]! > pixels[peak * width + column]!) peak = v;
  const gray = pixels[peak * width + column]!,
    half = gray / 2;
  let top = peak, bottom = peak; // prettier-ignore
  while (top > 0 && pixels[top * width + column]! > half) top--;
  while (bottom < height - 1 && pixels[bottom * width + column]! > half) bottom++;
  const at = (v: number): number => pixels[v * width + column]!;
  // From the last row above half to where half lies on the way to the next.
  const beyond = (last: number, next: number): number =>
    at(last) > half ? Math.min(1, (at(last) - half) / (at(last) - at(next))) : 0;
  const rows = bottom - top - 2 + beyond(top + 1, top) + beyond(bottom - 1, bottom);
  return { row: peak, gray, thicknessMm: rows * rowMm };
}
