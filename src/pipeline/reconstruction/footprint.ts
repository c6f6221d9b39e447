import type { ReconstructionOptions } from "./options.ts";

/**
 * Which pixels of a frame take part, the same for all frames: per row two half-open column ranges
 * [begin, end, begin, end). A range that is not needed is empty.
 */
export interface Footprint {
  readonly width: number;
  readonly height: number;
  readonly ranges: Int32Array;
}

/** PLUS's floor rounds up what lies within 2⁻¹⁷ below an integer (taken from vtkImageReslice). */
const PLUS_FLOOR_TOLERANCE = 2 ** -17;
const floorPlus = (x: number): number => Math.floor(x + PLUS_FLOOR_TOLERANCE);
const ceilPlus = (x: number): number => -floorPlus(-x);

/** First and last pixel, both included, of the clip rectangle in an image: [u0, u1, v0, v1]; u1 < u0 when empty. */
export function clipBounds(
  { clip }: Pick<ReconstructionOptions, "clip">,
  width: number,
  height: number,
): [number, number, number, number] {
  if (clip === "whole" || clip.sizePx[0] === 0 || clip.sizePx[1] === 0) return [0, width - 1, 0, height - 1];
  const [u, v] = clip.originPx,
    [du, dv] = clip.sizePx;
  return [
    Math.max(0, Math.ceil(u)),
    Math.min(width - 1, Math.floor(u + du)),
    Math.max(0, Math.ceil(v)),
    Math.min(height - 1, Math.floor(v + dv)),
  ];
}

/**
 * Clip rectangle and fan by PLUS's rules: sides of the fan are one pixel inside the straight lines and arcs, and the
 * start radius cuts the middle out of the rows near the transducer.
 */
export function footprintOf(
  options: Pick<ReconstructionOptions, "clip" | "fan">,
  width: number,
  height: number,
): Footprint {
  const ranges = new Int32Array(height * 4);
  const [u0, u1, v0, v1] = clipBounds(options, width, height);
  for (let v = v0; v <= v1; v++) {
    const [begin, end, cutBegin, cutEnd] = fanRow(options.fan, v, u0, u1 + 1);
    if (begin >= end) continue;
    const firstEnd = Math.min(end, cutBegin),
      secondBegin = Math.max(begin, cutEnd);
    if (cutBegin >= cutEnd) ranges.set([begin, end, 0, 0], v * 4);
    else ranges.set([begin, Math.max(begin, firstEnd), Math.min(secondBegin, end), end], v * 4);
  }
  return { width, height, ranges };
}

/** [begin, end) of row v inside the fan and inside [u0, u1), and the part [cutBegin, cutEnd) to leave out. */
function fanRow(
  fan: ReconstructionOptions["fan"],
  v: number,
  u0: number,
  u1: number,
): [number, number, number, number] {
  if (fan === "none" || (fan.anglesRad[0] === 0 && fan.anglesRad[1] === 0)) return [u0, u1, 0, 0];
  const [u, origin] = fan.originPx,
    y = v - origin;
  const left = Math.tan(Math.min(...fan.anglesRad)) * y,
    right = Math.tan(Math.max(...fan.anglesRad)) * y;
  const outside = fan.radiusStopPx ** 2 - y * y;
  if (outside < 0) return [0, 0, 0, 0];
  const far = Math.sqrt(outside);
  const begin = Math.max(u0, ceilPlus(left + u + 1), ceilPlus(u - far + 1));
  const end = Math.min(u1, floorPlus(right + u - 1) + 1, floorPlus(u + far - 1) + 1);
  const inside = fan.radiusStartPx ** 2 - y * y;
  if (inside <= 0) return [begin, end, 0, 0];
  const near = Math.sqrt(inside);
  return [begin, end, ceilPlus(u - near + 1), floorPlus(u + near - 1) + 1];
}
