import { indexPoints, type PointIndex } from "./point-index.ts";
import type { RidgePoints } from "./ridge-points.ts";

export interface ConsolidateOptions {
  /** Standard deviation of a neighbour's weight, along the sheet. */
  readonly sheetSigmaMm: number;
  /** Likewise across it: layers closer than this are one surface, seen twice with some error of pose. */
  readonly layerSigmaMm: number;
}

/** Neighbours whose normal deviates by more than 60° belong to another bone, or to another face of this one. */
const SAME_SHEET_COS = 0.5;
/** Share of the summed weight, per mm², that says "flat along this direction" where there is little to tell. */
const FLATNESS_MM2 = 0.05;
/** Rounds of direction, from the frame's own plane to the sheet's; then rounds of position. More change nothing. */
const NORMAL_ROUNDS = 3;
const HEIGHT_ROUNDS = 3;

export interface Consolidated {
  readonly position: Float64Array;
  /** Unit, towards the probe. */
  readonly normal: Float64Array;
}

/**
 * Brings the points of all frames and sweeps onto one sheet: each is moved along its normal to the weighted mean height
 * of its neighbours, so that two sweeps that disagree by an error of pose leave one layer, midway.
 */
export function consolidate(points: RidgePoints, options: ConsolidateOptions): Consolidated {
  const reach = 2 * Math.max(options.sheetSigmaMm, options.layerSigmaMm);
  let { position, normal } = points;
  const index = indexPoints(position, reach);
  for (let round = 0; round < NORMAL_ROUNDS; round++) normal = fitNormals(points, position, normal, index, options);
  for (let round = 0; round < HEIGHT_ROUNDS; round++) {
    position = meanHeights(points, position, normal, indexPoints(position, reach), options);
  }
  normal = fitNormals(points, position, normal, indexPoints(position, reach), options);
  return { position, normal };
}

/** Visits the neighbours of point p with their weight and their offset from it: along its normal, and the rest. */
function forNeighbours(
  { weight }: RidgePoints,
  position: Readonly<Float64Array>,
  normal: Readonly<Float64Array>,
  index: PointIndex,
  { sheetSigmaMm, layerSigmaMm }: ConsolidateOptions,
  p: number,
  visit: (q: number, w: number, dx: number, dy: number, dz: number, height: number) => void,
): void {
  const px = position[3 * p]!, py = position[3 * p + 1]!, pz = position[3 * p + 2]!; // prettier-ignore
  const nx = normal[3 * p]!, ny = normal[3 * p + 1]!, nz = normal[3 * p + 2]!; // prettier-ignore
  const along = -0.5 / (sheetSigmaMm * sheetSigmaMm), across = -0.5 / (layerSigmaMm * layerSigmaMm); // prettier-ignore
  index.around(px, py, pz, (q) => {
    const dx = position[3 * q]! - px, dy = position[3 * q + 1]! - py, dz = position[3 * q + 2]! - pz; // prettier-ignore
    const height = nx * dx + ny * dy + nz * dz;
    const exponent = along * (dx * dx + dy * dy + dz * dz - height * height) + across * height * height;
    if (exponent < -2) return; // two sigmas
    if (nx * normal[3 * q]! + ny * normal[3 * q + 1]! + nz * normal[3 * q + 2]! < SAME_SHEET_COS) return;
    visit(q, weight[q]! * Math.exp(exponent), dx, dy, dz, height);
  });
}

/**
 * Regression of the neighbours' heights over the plane across the present normal. Unlike the least axis of their
 * covariance it is not misled by a second layer, which adds to heights everywhere alike.
 */
function fitNormals(
  points: RidgePoints,
  position: Readonly<Float64Array>,
  normal: Readonly<Float64Array>,
  index: PointIndex,
  options: ConsolidateOptions,
): Float64Array {
  const fitted = new Float64Array(3 * points.count);
  for (let p = 0; p < points.count; p++) {
    const nx = normal[3 * p]!, ny = normal[3 * p + 1]!, nz = normal[3 * p + 2]!; // prettier-ignore
    // Two directions across the normal: one as near the elevation axis as can be, the other completes the three.
    const ex = points.elevation[3 * p]!, ey = points.elevation[3 * p + 1]!, ez = points.elevation[3 * p + 2]!; // prettier-ignore
    const dot = ex * nx + ey * ny + ez * nz;
    const length = Math.sqrt(Math.max(1e-12, 1 - dot * dot));
    const ax = (ex - dot * nx) / length, ay = (ey - dot * ny) / length, az = (ez - dot * nz) / length; // prettier-ignore
    const bx = ny * az - nz * ay, by = nz * ax - nx * az, bz = nx * ay - ny * ax; // prettier-ignore
    let s = 0, sa = 0, sb = 0, sh = 0, saa = 0, sab = 0, sbb = 0, sah = 0, sbh = 0; // prettier-ignore
    forNeighbours(points, position, normal, index, options, p, (_q, w, dx, dy, dz, h) => {
      const a = ax * dx + ay * dy + az * dz, b = bx * dx + by * dy + bz * dz; // prettier-ignore
      s += w;
      sa += w * a;
      sb += w * b;
      sh += w * h;
      saa += w * a * a;
      sab += w * a * b;
      sbb += w * b * b;
      sah += w * a * h;
      sbh += w * b * h;
    });
    const caa = saa / s - (sa / s) ** 2 + FLATNESS_MM2, cbb = sbb / s - (sb / s) ** 2 + FLATNESS_MM2; // prettier-ignore
    const cab = sab / s - (sa * sb) / (s * s), cah = sah / s - (sa * sh) / (s * s), cbh = sbh / s - (sb * sh) / (s * s); // prettier-ignore
    const det = caa * cbb - cab * cab;
    const ga = (cah * cbb - cbh * cab) / det, gb = (cbh * caa - cah * cab) / det; // prettier-ignore
    const norm = Math.sqrt(1 + ga * ga + gb * gb);
    fitted[3 * p] = (nx - ga * ax - gb * bx) / norm;
    fitted[3 * p + 1] = (ny - ga * ay - gb * by) / norm;
    fitted[3 * p + 2] = (nz - ga * az - gb * bz) / norm;
  }
  return fitted;
}

/** Heights along the normal midway between the two points' own, so that a curved surface is not flattened. */
function meanHeights(
  points: RidgePoints,
  position: Readonly<Float64Array>,
  normal: Readonly<Float64Array>,
  index: PointIndex,
  options: ConsolidateOptions,
): Float64Array {
  const moved = new Float64Array(position.length);
  for (let p = 0; p < points.count; p++) {
    let s = 0, sum = 0; // prettier-ignore
    forNeighbours(points, position, normal, index, options, p, (q, w, dx, dy, dz, height) => {
      s += w;
      sum += w * 0.5 * (height + normal[3 * q]! * dx + normal[3 * q + 1]! * dy + normal[3 * q + 2]! * dz);
    });
    for (let axis = 0; axis < 3; axis++) {
      moved[3 * p + axis] = position[3 * p + axis]! + (sum / s) * normal[3 * p + axis]!;
    }
  }
  return moved;
}
