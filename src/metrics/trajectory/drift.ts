import { transformPoint } from "../../core/rigid.ts";
import { frameCount, fromFirst, poseAt, type Trajectory } from "./trajectory.ts";

/** Where the picture lies in the image frame, mm. */
export interface ImageExtent {
  readonly centreMm: readonly [number, number];
  readonly sizeMm: readonly [number, number];
}

/**
 * Drift of one sweep, both trajectories in the frame of their first image. Two families of the literature divide by
 * different lengths under one name; here the name says which.
 */
export interface Drift {
  /** Distance of the last frame's centres, mm, and of the worst frame's. */
  readonly finalMm: number;
  readonly maxMm: number;
  /** Sum over the frames, mm: depends on their number. */
  readonly sumMm: number;
  /** Symmetric Hausdorff distance of the two tracks, mm. */
  readonly hausdorffMm: number;
  /** Final drift over the length of the true path, and its mean over the frames (RecON, MoNet); shares. */
  readonly finalByPath: number;
  readonly meanByPath: number;
  /** The same over the straight distance from the first frame (DualTrack); NaN where the sweep ends where it began. */
  readonly finalByDisplacement: number;
  readonly meanByDisplacement: number;
  /** Length of the true path of the centre, mm. */
  readonly pathMm: number;
}

/** RecON's guards: added to the path of the last frame, and least path of a frame that counts in the mean, mm. */
const EPSILON_MM = 1e-6;
const LEAST_PATH_MM = 0.1;

/**
 * By path: three points a frame (the centre and both ends of the lower edge), each judged and then averaged, as in
 * Lmy0217/RecON utils/metric.py; the denominator of ADR leaves out frames with less than 0.1 mm of path. By displacement,
 * final, greatest, sum and Hausdorff: the centre alone, as in DualTrack src/evaluator.py.
 */
export function drift(estimate: Trajectory, truth: Trajectory, extent: ImageExtent): Drift {
  const q = fromFirst(estimate),
    p = fromFirst(truth);
  const [cx, cy] = extent.centreMm,
    [w, h] = extent.sizeMm;
  const points = [
    [cx, cy],
    [cx - w / 2, cy + h / 2],
    [cx + w / 2, cy + h / 2],
  ] as const;
  const byPoint = points.map((point) => alongPath(track(q, point), track(p, point)));
  const mean = (of: (one: PathDrift) => number): number => byPoint.reduce((sum, one) => sum + of(one), 0) / 3;
  return {
    ...ofCentre(track(q, points[0]), track(p, points[0])),
    finalByPath: mean((one) => one.final),
    meanByPath: mean((one) => one.mean),
    pathMm: byPoint[0]!.pathMm,
  };
}

/** Length of the way of the point (x, y) of the image frame up to each frame, mm. */
export function pathMm(trajectory: Trajectory, point: readonly [number, number]): Float64Array {
  const places = track(trajectory, point),
    all = new Float64Array(places.length);
  for (let i = 1; i < places.length; i++) all[i] = all[i - 1]! + distance(places[i]!, places[i - 1]!);
  return all;
}

type Points = readonly (readonly [number, number, number])[];

const track = (trajectory: Trajectory, [x, y]: readonly [number, number]): Points =>
  Array.from({ length: frameCount(trajectory) }, (_, i) => transformPoint(poseAt(trajectory, i), x, y, 0));

const distance = (a: readonly [number, number, number], b: readonly [number, number, number]): number =>
  Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

interface PathDrift {
  readonly final: number;
  readonly mean: number;
  readonly pathMm: number;
}

function alongPath(q: Points, p: Points): PathDrift {
  let pathMm = 0,
    sum = 0,
    counted = 0;
  for (let i = 1; i < p.length; i++) {
    pathMm += distance(p[i]!, p[i - 1]!);
    if (pathMm < LEAST_PATH_MM) continue;
    sum += distance(q[i]!, p[i]!) / pathMm;
    counted++;
  }
  const final = distance(q[q.length - 1]!, p[p.length - 1]!) / (pathMm + EPSILON_MM);
  return { final, mean: counted > 0 ? sum / counted : NaN, pathMm };
}

function ofCentre(q: Points, p: Points) {
  const errors = p.map((point, i) => distance(q[i]!, point)),
    far = p.map((point) => distance(point, p[0]!));
  const rates = errors.map((error, i) => error / far[i]!).filter((rate) => Number.isFinite(rate));
  const finalMm = errors[errors.length - 1]!,
    last = far[far.length - 1]!;
  return {
    finalMm,
    maxMm: Math.max(...errors),
    sumMm: errors.reduce((sum, error) => sum + error, 0),
    hausdorffMm: Math.max(farthest(q, p), farthest(p, q)),
    finalByDisplacement: last > 0 ? finalMm / last : NaN,
    meanByDisplacement: rates.length > 0 ? rates.reduce((sum, rate) => sum + rate, 0) / rates.length : NaN,
  };
}

const farthest = (from: Points, to: Points): number =>
  Math.max(...from.map((a) => Math.min(...to.map((b) => distance(a, b)))));
