import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Frame, Rigid } from "../core/rigid.ts";
import { fromAxisAngle, multiply3x4, rotationAngle, transformPoint } from "../core/rigid.ts";
import type { ClosestPoint } from "./closest-point.ts";
import { fitRigid } from "./rigid-fit.ts";

export interface IcpOptions {
  /** Share of the points with the largest distances that is left out of each step, in [0, 0.9]. */
  readonly trim: number;
  readonly maxIterations: number;
  /** Ends when one step moves no point by more than this, or no longer lowers the RMS (see `STALLED_RATIO`). */
  readonly toleranceMm: number;
}

export const icpDefaults: IcpOptions = { trim: 0.1, maxIterations: 60, toleranceMm: 1e-4 };

export type IcpResult<To extends Frame = Frame, From extends Frame = Frame> =
  | {
      readonly status: "fitted";
      /** Takes the points to the target. */
      readonly transform: Rigid<To, From>;
      /** How far the points' centroid moves, mm: small when the points were in place already. */
      readonly translationMm: number;
      readonly rotationRad: number;
      /** Over the points that were kept, after the last step, mm. */
      readonly rmsMm: number;
      readonly rmsBeforeMm: number;
      /** Best similarity scale for the last partners: a diagnostic, not applied. */
      readonly scale: number;
      readonly iterations: number;
      /** False when `maxIterations` ran out first. */
      readonly converged: boolean;
    }
  | { readonly status: "refused"; readonly reason: string };

/** A step that lowers the RMS by less than this share of it ends the search: along a sphere or a shaft it only slides. */
const STALLED_RATIO = 1e-5;

interface Partners {
  readonly m: Float64Array;
  /** Moved points, their partners on the target, and the normals there: xyz of those that were kept. */
  readonly moved: Float64Array;
  readonly partner: Float64Array;
  readonly normal: Float64Array;
  readonly rmsMm: number;
}

/**
 * Rigid trimmed ICP (Besl & McKay 1992; Chetverikov et al. 2002) of points to a surface by closest points on triangles.
 * Each step tries the point-to-plane solution (Chen & Medioni 1992), which slides along the surface and so converges
 * fast, and takes the closest-point solution where that one does not lower the trimmed RMS. No random numbers.
 * The target may be a part of a surface; points that have no partner there belong in the trimmed share.
 */
export function icp<To extends Frame = Frame, From extends Frame = Frame>(
  points: Readonly<Float64Array>,
  target: ClosestPoint,
  options: Partial<IcpOptions> = {},
): IcpResult<To, From> {
  const { trim, maxIterations, toleranceMm } = { ...icpDefaults, ...options };
  if (!(trim >= 0 && trim <= 0.9)) throw new RangeError(`trim: expected a share in [0, 0.9], got ${trim}`);
  const count = points.length / 3,
    kept = Math.ceil(count * (1 - trim));
  if (kept < 3) return { status: "refused", reason: `${count} points; ICP needs at least 3 after trimming` };
  const pair = (m: Float64Array): Partners => findPartners(points, target, m, kept);
  const start = fitRigid(points, points);
  if (start.status === "refused") return start;

  let now = pair(Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
  const rmsBeforeMm = now.rmsMm;
  let iterations = 0,
    converged = false;
  while (iterations < maxIterations && !converged) {
    iterations++;
    const plane = planeStep(now);
    let next = plane ? pair(multiply3x4(plane, now.m)) : undefined;
    if (!next || !(next.rmsMm < now.rmsMm)) {
      const point = fitRigid(now.moved, now.partner);
      if (point.status === "refused") return point;
      next = pair(multiply3x4(point.m, now.m));
      // neither solution lowers the RMS: this is the minimum, to rounding
      if (!(next.rmsMm < now.rmsMm)) {
        converged = true;
        break;
      }
    }
    converged = largestMove(points, now.m, next.m) <= toleranceMm || now.rmsMm - next.rmsMm < STALLED_RATIO * now.rmsMm;
    now = next;
  }

  const centroid = [0, 1, 2].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 3) sum += points[i]!;
    return sum / count;
  }) as [number, number, number];
  const movedCentroid = transformPoint(now.m, ...centroid);
  const last = fitRigid(now.moved, now.partner);
  return {
    status: "fitted",
    transform: { m: now.m },
    translationMm: Math.hypot(...movedCentroid.map((x, axis) => x - centroid[axis as 0 | 1 | 2])),
    rotationRad: rotationAngle(now.m),
    rmsMm: now.rmsMm,
    rmsBeforeMm,
    scale: last.status === "fitted" ? last.scale : 1,
    iterations,
    converged,
  };
}

function findPartners(points: Readonly<Float64Array>, target: ClosestPoint, m: Float64Array, kept: number): Partners {
  const count = points.length / 3;
  const moved = new Float64Array(points.length),
    partner = new Float64Array(points.length),
    normal = new Float64Array(points.length),
    distance = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = transformPoint(m, points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!);
    const hit = target.nearest(x, y, z);
    if (!hit) throw new RangeError(`ICP point ${i} is not finite`);
    moved.set([x, y, z], 3 * i);
    partner.set([hit.x, hit.y, hit.z], 3 * i);
    normal.set(target.normalAt(hit), 3 * i);
    distance[i] = hit.distanceMm;
  }
  // ties are broken by index, so that the same points are kept on every machine
  const order = Uint32Array.from(distance, (_, i) => i).sort((a, b) => distance[a]! - distance[b]! || a - b);
  const chosen = order.slice(0, kept).sort();
  const pick = (all: Float64Array): Float64Array => {
    const some = new Float64Array(3 * kept);
    chosen.forEach((i, at) => some.set(all.subarray(3 * i, 3 * i + 3), 3 * at));
    return some;
  };
  let sum = 0;
  for (const i of chosen) sum += distance[i]! ** 2;
  return { m, moved: pick(moved), partner: pick(partner), normal: pick(normal), rmsMm: Math.sqrt(sum / kept) };
}

/** Directions in which the planes hold the points less than this, relative to the best one, are left alone. */
const LOOSE_RATIO = 1e-6;

/** Small motion that minimises Σ (n · (p + ω × p + t − q))², about the points' centroid. */
function planeStep({ moved, partner, normal }: Partners): Float64Array | undefined {
  const count = moved.length / 3;
  const c = [0, 0, 0];
  for (let i = 0; i < moved.length; i++) c[i % 3]! += moved[i]! / count;
  let radius2 = 0;
  for (let i = 0; i < moved.length; i++) radius2 += (moved[i]! - c[i % 3]!) ** 2 / count;
  const size = Math.sqrt(radius2) || 1; // makes turning and shifting comparable in the singular values
  const ata = Matrix.zeros(6, 6),
    atb = Matrix.zeros(6, 1);
  for (let i = 0; i < moved.length; i += 3) {
    const x = (moved[i]! - c[0]!) / size, y = (moved[i + 1]! - c[1]!) / size, z = (moved[i + 2]! - c[2]!) / size; // prettier-ignore
    const nx = normal[i]!, ny = normal[i + 1]!, nz = normal[i + 2]!; // prettier-ignore
    const row = [y * nz - z * ny, z * nx - x * nz, x * ny - y * nx, nx, ny, nz];
    const rest =
      nx * (partner[i]! - moved[i]!) + ny * (partner[i + 1]! - moved[i + 1]!) + nz * (partner[i + 2]! - moved[i + 2]!);
    for (let r = 0; r < 6; r++) {
      atb.set(r, 0, atb.get(r, 0) + row[r]! * rest);
      for (let s = 0; s < 6; s++) ata.set(r, s, ata.get(r, s) + row[r]! * row[s]!);
    }
  }
  const svd = new SingularValueDecomposition(ata);
  const step = new Float64Array(6);
  for (let k = 0; k < 6; k++) {
    const s = svd.diagonal[k]!;
    if (!(s > LOOSE_RATIO * svd.diagonal[0]!)) continue;
    let along = 0;
    for (let r = 0; r < 6; r++) along += svd.leftSingularVectors.get(r, k) * atb.get(r, 0);
    for (let r = 0; r < 6; r++) step[r]! += (svd.rightSingularVectors.get(r, k) * along) / s;
  }
  if (!step.every(Number.isFinite)) return undefined;
  const turn = [step[0]! / size, step[1]! / size, step[2]! / size] as const,
    angle = Math.hypot(...turn);
  const rotation = Float64Array.from(fromAxisAngle(turn, angle).m);
  const [x, y, z] = transformPoint(rotation, c[0]!, c[1]!, c[2]!);
  rotation[3] = c[0]! + step[3]! - x;
  rotation[7] = c[1]! + step[4]! - y;
  rotation[11] = c[2]! + step[5]! - z;
  return rotation;
}

/** Over the corners of the points' bounding box, mm: no point inside moves further. */
function largestMove(points: Readonly<Float64Array>, p: Float64Array, q: Float64Array): number {
  const low = [Infinity, Infinity, Infinity],
    high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    low[i % 3] = Math.min(low[i % 3]!, points[i]!);
    high[i % 3] = Math.max(high[i % 3]!, points[i]!);
  }
  let most = 0;
  for (let corner = 0; corner < 8; corner++) {
    const x = (corner & 1 ? high : low)[0]!, y = (corner & 2 ? high : low)[1]!, z = (corner & 4 ? high : low)[2]!; // prettier-ignore
    const a = transformPoint(p, x, y, z),
      b = transformPoint(q, x, y, z);
    most = Math.max(most, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  }
  return most;
}
