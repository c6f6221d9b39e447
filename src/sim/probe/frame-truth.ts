import type { ImageGeometry } from "../../data/image.ts";
import { MARGIN_LINES } from "./lateral.ts";
import type { LineMap } from "./map.ts";

/** Bone points of neighbouring lines further apart than this along the beam belong to two surfaces, mm. */
const STEP_MM = 3;

/**
 * Row of the first bone that a beam meets in each column, at its true place (not where the scanner's speed of sound shows
 * it): the topmost crossing of the column with the line through the bone points of neighbouring scan lines. NaN where
 * there is none in depth or the face has no contact.
 */
export function trueRidge(map: LineMap, geometry: ImageGeometry, depthMm: number): Float32Array {
  const { width, height, spacingMm, faceCentrePx } = geometry;
  const rows = new Float32Array(width).fill(NaN);
  let last: readonly [u: number, v: number, depth: number] | undefined;
  for (let line = MARGIN_LINES; line < map.lines - MARGIN_LINES; line++) {
    const at = map.lines + line,
      depth = map.boneDepthMm[at]!;
    if (!map.contact[line] || !(depth <= depthMm)) {
      last = undefined;
      continue;
    }
    const u = map.boneFace[3 * at]! / spacingMm[0] + faceCentrePx[0],
      v = map.boneFace[3 * at + 1]! / spacingMm[1] + faceCentrePx[1];
    // Half a line beside its first and last point a surface still goes on.
    const joined = last !== undefined && Math.abs(depth - last[2]) <= STEP_MM;
    const [u0, v0] = joined ? last! : [u - 0.5, v];
    for (
      let column = Math.max(0, Math.ceil(Math.min(u0, u)));
      column <= Math.min(width - 1, Math.max(u0, u));
      column++
    ) {
      const row = u === u0 ? Math.min(v0, v) : v0 + ((column - u0) / (u - u0)) * (v - v0);
      if (row <= height - 1 && !(row >= rows[column]!)) rows[column] = row;
    }
    last = [u, v, depth];
  }
  return rows;
}

/** Per scan line x, y, z of its first bone point in the knee frame, mm, and the cosine of the incidence; else four NaN. */
export function boneHits(map: LineMap, m: Readonly<Float64Array>, depthMm: number): Float32Array {
  const lineCount = map.lines - 2 * MARGIN_LINES;
  const hits = new Float32Array(4 * lineCount).fill(NaN);
  for (let i = 0; i < lineCount; i++) {
    const line = i + MARGIN_LINES,
      at = map.lines + line;
    if (!map.contact[line] || !(map.boneDepthMm[at]! <= depthMm)) continue;
    const x = map.boneFace[3 * at]!,
      y = map.boneFace[3 * at + 1]!;
    for (let axis = 0; axis < 3; axis++) {
      hits[4 * i + axis] = m[4 * axis]! * x + m[4 * axis + 1]! * y + m[4 * axis + 3]!;
    }
    hits[4 * i + 3] = -map.boneFace[3 * at + 2]!;
  }
  return hits;
}
