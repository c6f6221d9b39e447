import type { Blob } from "./blobs.ts";
import { project, type Camera } from "./camera.ts";
import type { Point } from "./line-of-sight.ts";

/** A point that two or more cameras agree on, tracker frame, mm. */
export interface SolvedPoint {
  readonly at: Point;
  /** Which blob of which camera; −1 where a camera has none. */
  readonly blobs: readonly number[];
}

/**
 * The point that fits the pixels best: least squares of the projection equations, weighted by 1/depth² so that pixels
 * count alike, which takes two rounds (Hartley & Sturm 1997, iterative linear). Undefined when rays are parallel.
 */
export function triangulate(
  cameras: readonly Camera[],
  pixels: readonly (readonly [number, number] | undefined)[],
): Point | undefined {
  let point: Point | undefined;
  for (let round = 0; round < 2; round++) {
    let xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0, bx = 0, by = 0, bz = 0; // prettier-ignore
    for (let i = 0; i < cameras.length; i++) {
      const pixel = pixels[i];
      if (!pixel) continue;
      const { cameraFromTracker: m, focalPx: f } = cameras[i]!;
      const depth = point ? m[8]! * point[0] + m[9]! * point[1] + m[10]! * point[2] + m[11]! : 1;
      for (let axis = 0; axis < 2; axis++) {
        // (f row_axis − pixel row_2) · (x, y, z, 1) = 0
        const k = 4 * axis, p = pixel[axis]!, w = 1 / depth; // prettier-ignore
        const a = w * (f * m[k]! - p * m[8]!),
          b = w * (f * m[k + 1]! - p * m[9]!),
          c = w * (f * m[k + 2]! - p * m[10]!),
          d = -w * (f * m[k + 3]! - p * m[11]!);
        xx += a * a;
        xy += a * b;
        xz += a * c;
        yy += b * b;
        yz += b * c;
        zz += c * c;
        bx += a * d;
        by += b * d;
        bz += c * d;
      }
    }
    const c00 = yy * zz - yz * yz, c01 = xz * yz - xy * zz, c02 = xy * yz - xz * yy; // prettier-ignore
    const c11 = xx * zz - xz * xz, c12 = xy * xz - xx * yz, c22 = xx * yy - xy * xy; // prettier-ignore
    const det = xx * c00 + xy * c01 + xz * c02;
    if (!(det > 1e-12 * xx * yy * zz)) return undefined;
    point = [
      (c00 * bx + c01 * by + c02 * bz) / det,
      (c01 * bx + c11 * by + c12 * bz) / det,
      (c02 * bx + c12 * by + c22 * bz) / det,
    ];
  }
  return point;
}

export interface MatchLimits {
  /** How far a blob may lie from where the others put it. */
  readonly reprojectionPx: number;
  /** Depths at which points are believed, mm. */
  readonly nearMm: number;
  readonly farMm: number;
}

/**
 * All points on which two or more cameras agree. Nothing tells one marker from another, so blobs that happen to lie on
 * each other's epipolar lines give points where no marker is; it is left to the solver of the bodies to ignore them.
 */
export function matchBlobs(
  cameras: readonly Camera[],
  views: readonly (readonly Blob[])[],
  limits: MatchLimits,
): SolvedPoint[] {
  const points: SolvedPoint[] = [];
  const taken = views.map(() => new Set<number>()); // blobs of points on which three cameras agree
  for (const [i, j] of pairsByBaseline(cameras.length)) {
    views[i]!.forEach((a, ai) => {
      views[j]!.forEach((b, bj) => {
        if (taken[i]!.has(ai) && taken[j]!.has(bj)) return;
        const pixels: (readonly [number, number] | undefined)[] = cameras.map(() => undefined);
        pixels[i] = [a.u, a.v];
        pixels[j] = [b.u, b.v];
        const pair = agreed(cameras, pixels, limits);
        if (!pair) return;
        const blobs = cameras.map(() => -1);
        blobs[i] = ai;
        blobs[j] = bj;
        let at = pair;
        cameras.forEach((camera, k) => {
          if (k === i || k === j) return;
          const [u, v] = project(camera, pair);
          const found = views[k]!.findIndex((c) => Math.hypot(c.u - u, c.v - v) < 2 * limits.reprojectionPx);
          if (found < 0) return;
          pixels[k] = [views[k]![found]!.u, views[k]![found]!.v];
          const all = agreed(cameras, pixels, limits);
          if (!all) return;
          at = all;
          blobs[k] = found;
          blobs.forEach((blob, c) => taken[c]!.add(blob));
        });
        points.push({ at, blobs });
      });
    });
  }
  return points;
}

/** Widest first: they give the best depth. */
function pairsByBaseline(count: number): (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let gap = count - 1; gap > 0; gap--) for (let i = 0; i + gap < count; i++) pairs.push([i, i + gap]);
  return pairs;
}

function agreed(
  cameras: readonly Camera[],
  pixels: readonly (readonly [number, number] | undefined)[],
  { reprojectionPx, nearMm, farMm }: MatchLimits,
): Point | undefined {
  if (!onEpipolarLines(cameras, pixels, 4 * reprojectionPx)) return undefined;
  const point = triangulate(cameras, pixels);
  if (!point) return undefined;
  for (let k = 0; k < cameras.length; k++) {
    const pixel = pixels[k];
    if (!pixel) continue;
    const [u, v, depth] = project(cameras[k]!, point);
    if (!(depth >= nearMm && depth <= farMm)) return undefined;
    if (Math.hypot(u - pixel[0], v - pixel[1]) > reprojectionPx) return undefined;
  }
  return point;
}

/** A cheap test that rules most pairs out: on a bar the two pictures of a point lie in nearly the same row. */
function onEpipolarLines(
  cameras: readonly Camera[],
  pixels: readonly (readonly [number, number] | undefined)[],
  slackPx: number,
): boolean {
  let first: number | undefined;
  for (let k = 0; k < cameras.length; k++) {
    const pixel = pixels[k];
    if (!pixel) continue;
    // Direction of the ray in the tracker frame; the bar's cameras differ along x alone, so y/z of the rays agree.
    const { cameraFromTracker: m, focalPx: f } = cameras[k]!;
    const y = m[1]! * pixel[0] + m[5]! * pixel[1] + m[9]! * f,
      z = m[2]! * pixel[0] + m[6]! * pixel[1] + m[10]! * f;
    const row = (f * y) / z;
    if (first === undefined) first = row;
    else if (Math.abs(row - first) > slackPx) return false;
  }
  return true;
}
