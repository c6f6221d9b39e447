import { cholesky, solveCholesky, type Cholesky } from "../../../core/cholesky.ts";
import { NormalEquations } from "../../../core/normal-equations.ts";
import { fromAxisAngle, invert3x4, multiply3x4, toQuaternion, transformPoint } from "../../../core/rigid.ts";

/** One sweep whose poses are bettered: its frames keep the first one's pose, which was measured. */
export interface GraphSweep {
  /** 12 numbers a frame: row-major 3×4 rigid, image to the common frame, mm. */
  readonly fromImage: Readonly<Float64Array>;
  /** About this point of the image turns are told, mm: where odometry measures best. */
  readonly centreMm: readonly [number, number];
  /** Of odometry, per mm of way: along x, y, z of the image, and turns about them, rad. */
  readonly sdPerMm: readonly [number, number, number, number, number, number];
}

/** A frame of a sweep, by its places in the list of sweeps and in the sweep. */
export interface FrameOf {
  readonly sweep: number;
  readonly frame: number;
}

/** The point of one frame lies on that of another: x, y of the image, mm; SDs along the second one's x, y, z. */
export interface SamePoint {
  readonly kind: "same-point";
  readonly a: FrameOf;
  readonly b: FrameOf;
  readonly aMm: readonly [number, number];
  readonly bMm: readonly [number, number];
  readonly sdMm: readonly [number, number, number];
}

/** A point of a frame lies in a plane of the common frame. */
export interface OnPlane {
  readonly kind: "on-plane";
  readonly a: FrameOf;
  readonly aMm: readonly [number, number];
  readonly pointMm: readonly [number, number, number];
  readonly normal: readonly [number, number, number];
  readonly sdMm: number;
}

export type Observation = SamePoint | OnPlane;

export interface SolvedGraph {
  /** 12 numbers a frame, one array a sweep. */
  readonly fromImage: readonly Float64Array[];
  /** Of each sweep's last frame against its first, along that frame's x, y, z: one standard deviation, mm. */
  readonly lastSdMm: readonly (readonly [number, number, number])[];
  /** Information of what the observations say of each sweep's six degrees of freedom, without the prior's: see `unseen`. */
  readonly seen: readonly Float64Array[];
}

/** Way between two knots of a correction, mm; and the least and greatest number of knots. */
const KNOT_MM = 5,
  LEAST_KNOTS = 4,
  MOST_KNOTS = 30;
const ROUNDS = 8;
/** Beyond so many SDs an observation pulls no harder. */
const HUBER = 2;
/** Errors of odometry hang together: from one stretch to the next they change by this share of their SD. */
const CHANGE_SHARE = 0.35;

interface Knots {
  readonly frames: readonly number[];
  /** Way between knots k − 1 and k, mm. */
  readonly wayMm: readonly number[];
  readonly first: number;
}

/**
 * Poses on which odometry, crossings, revisits and surfaces agree best: each frame's pose is its own times a correction
 * that is linear between knots; Gauss-Newton with Huber's weights. The first frame of each sweep stays.
 */
export function solveGraph(sweeps: readonly GraphSweep[], observations: readonly Observation[]): SolvedGraph {
  let size = 0;
  const knots = sweeps.map((sweep): Knots => {
    const found = knotsOf(sweep, size);
    size += 6 * (found.frames.length - 1);
    return found;
  });
  let x: Float64Array = new Float64Array(size);
  let factor: Cholesky | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const system = new NormalEquations(size, RIDGE);
    sweeps.forEach((sweep, s) => addOdometry(system, sweep, knots[s]!, x));
    for (const observation of observations) addObservation(system, sweeps, knots, x, observation);
    factor = cholesky(system.matrix, size);
    const step = solveCholesky(factor, system.right);
    x = x.map((value, i) => value + step[i]!);
    if (Math.max(...step.map(Math.abs)) < 1e-4) break;
  }
  return {
    fromImage: sweeps.map((sweep, s) => corrected(sweep, knots[s]!, x)),
    lastSdMm: sweeps.map((_, s) => lastSd(factor, knots[s]!, size)),
    seen: sweeps.map((_, s) => seenBy(sweeps, knots, x, observations, s)),
  };
}

function knotsOf({ fromImage, centreMm }: GraphSweep, first: number): Knots {
  const count = fromImage.length / 12;
  const at = (i: number) => transformPoint(fromImage.subarray(12 * i, 12 * i + 12) as Float64Array, ...centreMm, 0);
  const way = [0];
  for (let i = 1; i < count; i++) {
    const [a, b] = [at(i - 1), at(i)];
    way.push(way[i - 1]! + Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]));
  }
  const total = way[count - 1]!;
  const wanted = Math.max(2, Math.min(count, MOST_KNOTS, Math.max(LEAST_KNOTS, Math.ceil(total / KNOT_MM) + 1)));
  const frames = [0];
  for (let k = 1; k < wanted - 1; k++) {
    const target = (total * k) / (wanted - 1),
      i = total > 0 ? way.findIndex((w) => w >= target) : Math.round(((count - 1) * k) / (wanted - 1));
    if (i > frames[frames.length - 1]! && i < count - 1) frames.push(i);
  }
  frames.push(count - 1);
  return { frames, wayMm: frames.map((f, k) => (k === 0 ? 0 : way[f]! - way[frames[k - 1]!]!)), first };
}

/** Place of a knot's six unknowns; −1 for the first one, which has none. */
const place = ({ first }: Knots, knot: number): number => (knot === 0 ? -1 : first + 6 * (knot - 1));

/** The two knots around a frame, with their shares. */
function around({ frames }: Knots, frame: number): readonly (readonly [knot: number, share: number])[] {
  let k = 0;
  while (k + 2 < frames.length && frames[k + 1]! <= frame) k++;
  const s = (frame - frames[k]!) / (frames[k + 1]! - frames[k]!);
  return [
    [k, 1 - s],
    [k + 1, s],
  ];
}

/** Correction of a frame: shift (x, y, z) and turn of the image about its centre. */
function correctionOf(knots: Knots, x: Readonly<Float64Array>, frame: number): Float64Array {
  const out = new Float64Array(6);
  for (const [knot, share] of around(knots, frame)) {
    const at = place(knots, knot);
    if (at >= 0) for (let k = 0; k < 6; k++) out[k]! += share * x[at + k]!;
  }
  return out;
}

export function correct(
  pose: Readonly<Float64Array>,
  [cx, cy]: readonly [number, number],
  e: Readonly<Float64Array>,
): Float64Array {
  const angle = Math.hypot(e[3]!, e[4]!, e[5]!);
  const turn = fromAxisAngle(angle > 0 ? [e[3]!, e[4]!, e[5]!] : [1, 0, 0], angle).m.slice();
  const [tx, ty, tz] = transformPoint(turn, cx, cy, 0);
  turn[3] = cx - tx + e[0]!;
  turn[7] = cy - ty + e[1]!;
  turn[11] = -tz + e[2]!;
  return multiply3x4(pose, turn);
}

const poseOf = (sweep: GraphSweep, knots: Knots, x: Readonly<Float64Array>, frame: number): Float64Array =>
  correct(sweep.fromImage.subarray(12 * frame, 12 * frame + 12), sweep.centreMm, correctionOf(knots, x, frame));

function corrected(sweep: GraphSweep, knots: Knots, x: Readonly<Float64Array>): Float64Array {
  const all = new Float64Array(sweep.fromImage.length);
  for (let i = 0; i < all.length / 12; i++) all.set(poseOf(sweep, knots, x, i), 12 * i);
  return all;
}

/** Of the diagonal, for what nothing holds. */
const RIDGE = 1e-9;
const NUDGE = 1e-4;

/** Residuals with numeric derivatives by the unknowns `at`. */
function linearise(
  of: (x: Float64Array) => readonly number[],
  x: Readonly<Float64Array>,
  at: readonly number[],
): { readonly residual: readonly number[]; readonly derivative: readonly (readonly number[])[] } {
  const moved = Float64Array.from(x),
    residual = of(moved);
  const columns = at.map((i) => {
    const value = moved[i]!;
    moved[i] = value + NUDGE;
    const next = of(moved);
    moved[i] = value;
    return next.map((r, k) => (r - residual[k]!) / NUDGE);
  });
  return { residual, derivative: residual.map((_, k) => columns.map((column) => column[k]!)) };
}

const unknownsAt = (knots: Knots, which: readonly number[]): number[] =>
  which.flatMap((knot) => {
    const at = place(knots, knot);
    return at < 0 ? [] : [0, 1, 2, 3, 4, 5].map((k) => at + k);
  });

/** Between knots, the steps are those of odometry; and their errors change slowly along the way. */
function addOdometry(system: NormalEquations, sweep: GraphSweep, knots: Knots, x: Readonly<Float64Array>): void {
  const stretch = (k: number, at: Float64Array): number[] => {
    const [a, b] = [knots.frames[k - 1]!, knots.frames[k]!];
    const was = relative(sweep.fromImage.subarray(12 * a, 12 * a + 12), sweep.fromImage.subarray(12 * b, 12 * b + 12));
    const is = relative(poseOf(sweep, knots, at, a), poseOf(sweep, knots, at, b));
    const way = Math.max(0.5, knots.wayMm[k]!);
    return difference(was, is, sweep.centreMm).map((value, axis) => value / (sweep.sdPerMm[axis]! * way));
  };
  for (let k = 1; k < knots.frames.length; k++) {
    const own = linearise((at) => stretch(k, at), x, unknownsAt(knots, [k - 1, k]));
    own.residual.forEach((r, i) => system.add(r, unknownsAt(knots, [k - 1, k]), own.derivative[i]!, 1));
    if (k === 1) continue;
    const at = unknownsAt(knots, [k - 2, k - 1, k]);
    const change = linearise((y) => stretch(k, y).map((r, i) => (r - stretch(k - 1, y)[i]!) / CHANGE_SHARE), x, at);
    change.residual.forEach((r, i) => system.add(r, at, change.derivative[i]!, 1));
  }
}

export const relative = (a: Readonly<Float64Array>, b: Readonly<Float64Array>): Float64Array =>
  multiply3x4(invert3x4(a), b);

/** Shift of the centre and turn from one motion to another, in the first image's axes. */
export function difference(was: Float64Array, is: Float64Array, [x, y]: readonly [number, number]): number[] {
  const p = transformPoint(was, x, y, 0),
    q = transformPoint(is, x, y, 0);
  const [a, b, c, w] = toQuaternion(multiply3x4(is, invert3x4(was)));
  const s = Math.hypot(a, b, c),
    scale = s > 1e-12 ? (2 * Math.atan2(s, w)) / s : 2;
  return [q[0] - p[0], q[1] - p[1], q[2] - p[2], a * scale, b * scale, c * scale];
}

function residualsOf(
  sweeps: readonly GraphSweep[],
  knots: readonly Knots[],
  x: Float64Array,
  observation: Observation,
): readonly number[] {
  const at = ({ sweep, frame }: FrameOf, [u, v]: readonly [number, number]) =>
    transformPoint(poseOf(sweeps[sweep]!, knots[sweep]!, x, frame), u, v, 0);
  const p = at(observation.a, observation.aMm);
  if (observation.kind === "on-plane") {
    const { pointMm, normal, sdMm } = observation;
    return [p.reduce((sum, value, k) => sum + normal[k as 0]! * (value - pointMm[k as 0]!), 0) / sdMm];
  }
  const { b, bMm, sdMm } = observation;
  const pose = poseOf(sweeps[b.sweep]!, knots[b.sweep]!, x, b.frame);
  const own = transformPoint(invert3x4(pose), ...p);
  return [(own[0] - bMm[0]) / sdMm[0], (own[1] - bMm[1]) / sdMm[1], own[2] / sdMm[2]];
}

const unknownsOf = (knots: readonly Knots[], observation: Observation): number[] => {
  const of = ({ sweep, frame }: FrameOf): number[] =>
    unknownsAt(knots[sweep]!, around(knots[sweep]!, frame).filter(([, share]) => share > 0).map(([knot]) => knot)); // prettier-ignore
  return [...new Set([...of(observation.a), ...(observation.kind === "same-point" ? of(observation.b) : [])])];
};

function addObservation(
  system: NormalEquations,
  sweeps: readonly GraphSweep[],
  knots: readonly Knots[],
  x: Readonly<Float64Array>,
  observation: Observation,
): void {
  const at = unknownsOf(knots, observation);
  if (at.length === 0) return;
  const { residual, derivative } = linearise((y) => residualsOf(sweeps, knots, y, observation), x, at);
  const size = Math.hypot(...residual),
    weight = size > HUBER ? HUBER / size : 1;
  residual.forEach((r, k) => system.add(r, at, derivative[k]!, weight));
}

function lastSd(factor: Cholesky | undefined, knots: Knots, size: number): [number, number, number] {
  const at = place(knots, knots.frames.length - 1);
  const of = (axis: number): number => {
    const unit = new Float64Array(size);
    unit[at + axis] = 1;
    return Math.sqrt(Math.max(0, solveCholesky(factor!, unit)[at + axis]!));
  };
  return [of(0), of(1), of(2)];
}

/** What observations alone say of moving a whole sweep: a 6×6 information, row-major. */
function seenBy(
  sweeps: readonly GraphSweep[],
  knots: readonly Knots[],
  x: Readonly<Float64Array>,
  observations: readonly Observation[],
  sweep: number,
): Float64Array {
  const sum = new Float64Array(36);
  for (const observation of observations) {
    if (observation.a.sweep !== sweep) continue;
    const { a } = observation;
    const of = (e: Float64Array): readonly number[] => {
      const moved = { ...sweeps[sweep]!, fromImage: correct(poseOf(sweeps[sweep]!, knots[sweep]!, x, a.frame), sweeps[sweep]!.centreMm, e) }; // prettier-ignore
      const still: Knots = { frames: [0, 1], wayMm: [0, 0], first: 0 };
      const all = sweeps.map((s, i) => (i === sweep ? moved : s));
      const own = { ...observation, a: { sweep, frame: 0 } };
      return residualsOf(all, knots.map((k, i) => (i === sweep ? still : k)), new Float64Array(Math.max(6, x.length)), own); // prettier-ignore
    };
    const { derivative } = linearise(of, new Float64Array(6), [0, 1, 2, 3, 4, 5]);
    for (const row of derivative) {
      for (let i = 0; i < 6; i++) for (let j = 0; j < 6; j++) sum[6 * i + j]! += row[i]! * row[j]!;
    }
  }
  return sum;
}
