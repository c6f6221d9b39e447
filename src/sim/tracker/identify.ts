import { fitRigid } from "../../geometry/rigid-fit.ts";
import type { Point } from "./line-of-sight.ts";
import type { MarkerBody } from "./marker-body.ts";
import type { SolvedPoint } from "./triangulate.ts";

/** A body found among the points. */
export interface FoundBody {
  /** Row-major 3×4, trackerFromTool, mm. */
  readonly m: Readonly<Float64Array>;
  readonly rmsMm: number;
  /** Index of the point of each marker; −1 where it has none. */
  readonly points: readonly number[];
}

export interface IdentifyLimits {
  /** How far a marker may lie from where the body has it ("max deflection" in Motive). */
  readonly deflectionMm: number;
  /** Residual above which a fit is no body. */
  readonly maxRmsMm: number;
}

/** Markers of a body at a pose. */
export function placed({ markersMm: p }: Pick<MarkerBody, "markersMm">, m: Readonly<Float64Array>): Point[] {
  return Array.from({ length: p.length / 3 }, (_, i): Point => {
    const x = p[3 * i]!, y = p[3 * i + 1]!, z = p[3 * i + 2]!; // prettier-ignore
    return [
      m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
      m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
      m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
    ];
  });
}

/**
 * The body with all its markers among unlabelled points, by the distances between them: the assignment with the least
 * residual, or undefined. A cluster that looks alike when turned, or two bodies alike, are told apart by residual alone,
 * and so, now and then, wrongly.
 */
export function searchBody(
  body: MarkerBody,
  points: readonly SolvedPoint[],
  { deflectionMm, maxRmsMm }: IdentifyLimits,
): FoundBody | undefined {
  const count = body.markersMm.length / 3;
  const model = placed(body, IDENTITY);
  const chosen: number[] = [];
  let best: FoundBody | undefined;
  const extend = (): void => {
    const k = chosen.length;
    if (k === count) {
      const found = fitBody(body, points, chosen);
      if (found && found.rmsMm <= maxRmsMm && (!best || found.rmsMm < best.rmsMm)) best = found;
      return;
    }
    for (let i = 0; i < points.length; i++) {
      const fits = chosen.every((other, j) => {
        if (other === i || shareBlob(points[i]!, points[other]!)) return false;
        return Math.abs(apart(points[i]!.at, points[other]!.at) - apart(model[k]!, model[j]!)) <= deflectionMm;
      });
      if (!fits) continue;
      chosen.push(i);
      extend();
      chosen.pop();
    }
  };
  extend();
  return best;
}

/**
 * The body near where it is expected: each marker takes the nearest free point within `gateMm`; a marker that deviates
 * too far after the fit is dropped. Undefined when fewer than `minMarkers` remain or the residual is too large.
 */
export function followBody(
  body: MarkerBody,
  points: readonly SolvedPoint[],
  free: (point: number) => boolean,
  expected: Readonly<Float64Array>,
  limits: IdentifyLimits & { readonly gateMm: number; readonly minMarkers: number },
): FoundBody | undefined {
  const at = placed(body, expected);
  const pairs = at
    .flatMap((p, marker) => points.map((point, i) => ({ marker, i, d: apart(point.at, p) })))
    .filter(({ i, d }) => d <= limits.gateMm && free(i))
    .sort((a, b) => a.d - b.d || a.marker - b.marker || a.i - b.i);
  const assigned = at.map(() => -1);
  for (const { marker, i } of pairs) {
    if (assigned[marker]! >= 0) continue;
    if (assigned.some((other) => other >= 0 && (other === i || shareBlob(points[other]!, points[i]!)))) continue;
    assigned[marker] = i;
  }
  for (;;) {
    if (assigned.filter((i) => i >= 0).length < limits.minMarkers) return undefined;
    const found = fitBody(body, points, assigned);
    if (!found) return undefined;
    const now = placed(body, found.m);
    let worst = -1,
      most = limits.deflectionMm;
    assigned.forEach((i, marker) => {
      const off = i < 0 ? 0 : apart(points[i]!.at, now[marker]!);
      if (off > most) [worst, most] = [marker, off];
    });
    if (worst < 0) return found.rmsMm <= limits.maxRmsMm ? found : undefined;
    assigned[worst] = -1;
  }
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

const apart = (p: Point, q: Point): number => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);

/** One spot of a camera is one marker. */
export const shareBlob = (p: SolvedPoint, q: SolvedPoint): boolean =>
  p.blobs.some((blob, camera) => blob >= 0 && blob === q.blobs[camera]);

function fitBody(body: MarkerBody, points: readonly SolvedPoint[], assigned: readonly number[]): FoundBody | undefined {
  const from: number[] = [],
    to: number[] = [];
  assigned.forEach((i, marker) => {
    if (i < 0) return;
    from.push(...body.markersMm.subarray(3 * marker, 3 * marker + 3));
    to.push(...points[i]!.at);
  });
  const fit = fitRigid(Float64Array.from(from), Float64Array.from(to));
  return fit.status === "fitted" ? { m: fit.m, rmsMm: fit.rmsMm, points: [...assigned] } : undefined;
}
