import { cholesky, solveCholesky, type Cholesky } from "../../../core/cholesky.ts";
import { NormalEquations } from "../../../core/normal-equations.ts";
import { fromAxisAngle, invert3x4, multiply3x4, transformPoint } from "../../../core/rigid.ts";
import { percentile } from "../../../core/stats.ts";
import { correct } from "../graph/pose-graph.ts";
import type { ShapeStart } from "../../../data/shape-model.ts";
import type { BoneShapes } from "./bone-shapes.ts";
import { correctedPose, correctionAt, type CorrectionSpline } from "./correction-spline.ts";
import { priorResiduals, type OdometryErrors } from "./odometry-prior.ts";

/** Points of the bone line in the images of a sweep: mm in the image, with the side that the line faces (unit). */
export interface LinePoints {
  readonly count: number;
  readonly frame: Uint32Array;
  readonly xyMm: Float64Array;
  readonly facing: Float64Array;
}

export interface ContentSweep {
  readonly spline: CorrectionSpline;
  readonly errors: OdometryErrors;
  readonly line: LinePoints;
}

export interface JointOptions {
  /** Errors of the bone line hang together over patches of this area: these are the observations. */
  readonly patchMm2: number;
  /** Area for which one point of the line stands. */
  readonly pointMm2: number;
  /** The error of a patch is at least this, mm. */
  readonly minSdMm: number;
  /** SD of a touched point about the landmark on the bone: skin, and the operator's finger. */
  readonly touchSdMm: number;
  /** Of the measured pose of a sweep's first frame: of its centre, mm, and its turn, rad. */
  readonly firstSdMm: number;
  readonly firstSdRad: number;
  /** How far from the bone a point may lie: at the start and at the end. */
  readonly gatesMm: readonly [number, number];
  readonly rounds: number;
}

/** The unknowns: control values of each sweep, errors of their first poses, and of each body its pose and coefficients. */
export interface JointState {
  readonly control: readonly Float64Array[];
  /** Six numbers a sweep: by what its measured first pose is off, in that frame's axes. */
  readonly first: readonly Float64Array[];
  readonly bodyFromReference: readonly Float64Array[];
  readonly coefficients: readonly Float64Array[];
}

/** Gauss-Newton's normal equations at a state: of all that is known, and of odometry alone, sweep by sweep. */
export interface JointSystem {
  readonly n: number;
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  /** Row-major, (6 · controls)²: what odometry says of a sweep's control values. */
  readonly odometry: readonly Float64Array[];
  /** Points with a partner that count, of all points; and the robust SD of their residuals, mm. */
  readonly used: readonly number[];
  readonly sdMm: number;
}

/** Tukey's biweight has 95 % efficiency at this many SDs. */
const TUKEY = 4.685;
const MAD_TO_SD = 1.4826;

/** Steps that are made before partners are looked for anew. */
const STEPS_PER_ROUND = 2;

/** Where the unknowns of each sweep, first pose and body begin. */
export interface Layout {
  readonly n: number;
  readonly control: readonly number[];
  readonly first: readonly number[];
  readonly body: readonly number[];
}

export function layoutOf(sweeps: readonly ContentSweep[], bodies: readonly ShapeStart[]): Layout {
  let n = 0;
  const take = (size: number): number => (n += size) - size;
  return {
    control: sweeps.map(({ spline }) => take(6 * spline.controls)),
    first: sweeps.map(() => take(6)),
    body: bodies.map(({ model }) => take(6 + model.modes.length)),
    n,
  };
}

export const startState = (sweeps: readonly ContentSweep[], bodies: readonly ShapeStart[]): JointState => ({
  control: sweeps.map(({ spline }) => new Float64Array(6 * spline.controls)),
  first: sweeps.map(() => new Float64Array(6)),
  bodyFromReference: bodies.map(({ bodyFromReference }) => Float64Array.from(bodyFromReference)),
  coefficients: bodies.map(({ model }) => new Float64Array(model.modes.length)),
});

/** What is fitted, with all that stays as it is. */
export interface JointProblem {
  readonly sweeps: readonly ContentSweep[];
  readonly bodies: readonly ShapeStart[];
  readonly match: BoneShapes["match"];
  readonly options: JointOptions;
}

/**
 * Steps to the maximum a posteriori of point-to-plane distances (biweight, ever closer partners), odometry, touched points
 * and the spread of shapes. `restrict`: columns (n numbers each) that span the allowed steps; all when left out. `share`
 * runs from 0 (wide gates) to 1.
 */
export function fitJointly(
  problem: JointProblem,
  from: JointState,
  {
    rounds,
    shareAt,
    restrict,
  }: { rounds: number; shareAt: (round: number) => number; restrict?: readonly Float64Array[] },
): { readonly state: JointState; readonly system: JointSystem } {
  const layout = layoutOf(problem.sweeps, problem.bodies),
    [wide, narrow] = problem.options.gatesMm;
  const layAll = (at: JointState): LaidPoints[] =>
    problem.sweeps.map((sweep, s) => layPoints(sweep, at.control[s]!, at.first[s]!));
  let state = from,
    laid = layAll(state);
  let partners: readonly Partners[] = [];
  const search = (round: number): void => {
    const gateMm = wide + (narrow - wide) * Math.min(1, shareAt(round));
    partners = laid.map((points) => partnersOf(problem, state, points, gateMm));
  };
  search(0);
  let system = normalEquations(problem, layout, state, laid, partners);
  for (let round = 1; round <= rounds; round++) {
    for (let step = 0; step < STEPS_PER_ROUND; step++) {
      const by = restrict ? stepWithin(system, restrict) : solveCholesky(factorOf(system), system.right);
      state = moved(problem, layout, state, by);
      laid = layAll(state);
      if (step === STEPS_PER_ROUND - 1) search(round);
      system = normalEquations(problem, layout, state, laid, partners);
    }
  }
  return { state, system };
}

export const factorOf = ({ matrix, n }: Pick<JointSystem, "matrix" | "n">): Cholesky => cholesky(matrix, n);

/** Least squares over the span of the columns. */
function stepWithin({ matrix, right, n }: JointSystem, columns: readonly Float64Array[]): Float64Array {
  const side = columns.map((column) => dot(right, column));
  const y = solveCholesky(cholesky(projected(matrix, n, columns), columns.length), side);
  const step = new Float64Array(n);
  columns.forEach((column, a) => column.forEach((value, i) => (step[i]! += y[a]! * value)));
  return step;
}

/** The lower triangle of Cᵀ·A·C; of A the lower triangle is read. */
export function projected(matrix: Float64Array, n: number, columns: readonly Float64Array[]): Float64Array {
  const m = columns.length;
  const small = new Float64Array(m * m);
  columns.forEach((column, a) => {
    const times = timesSymmetric(matrix, n, column);
    for (let b = 0; b <= a; b++) small[a * m + b] = dot(times, columns[b]!);
  });
  return small;
}

/** Only the lower triangle is read. */
export function timesSymmetric(lower: Float64Array, n: number, x: Float64Array): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const xi = x[i]!;
    let sum = lower[i * (n + 1)]! * xi;
    for (let j = 0; j < i; j++) {
      const a = lower[i * n + j]!;
      sum += a * x[j]!;
      out[j]! += a * xi;
    }
    out[i]! += sum;
  }
  return out;
}

export const dot = (a: Readonly<Float64Array>, b: Readonly<Float64Array>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

function moved({ sweeps, bodies }: JointProblem, at: Layout, state: JointState, step: Float64Array): JointState {
  const part = (from: number, size: number): Float64Array => step.subarray(from, from + size);
  const plus = (a: Float64Array, from: number): Float64Array => a.map((value, i) => value + step[from + i]!);
  return {
    control: sweeps.map((_, s) => plus(state.control[s]!, at.control[s]!)),
    first: sweeps.map((_, s) => plus(state.first[s]!, at.first[s]!)),
    bodyFromReference: bodies.map((_, b) => {
      const e = part(at.body[b]!, 6),
        angle = Math.hypot(e[0]!, e[1]!, e[2]!);
      const turn = fromAxisAngle(angle > 0 ? [e[0]!, e[1]!, e[2]!] : [1, 0, 0], angle, [e[3]!, e[4]!, e[5]!]);
      return multiply3x4(turn.m, state.bodyFromReference[b]!);
    }),
    coefficients: bodies.map((_, b) => plus(state.coefficients[b]!, at.body[b]! + 6)),
  };
}

/** Points of one sweep in the reference frame, and how each moves with its frame's correction and the first pose's error. */
interface LaidPoints {
  readonly position: Float64Array;
  readonly normal: Float64Array;
  /** Derivatives of the position: 3 numbers for each of the correction's six, then of the first pose's six. */
  readonly slope: Float64Array;
}

/** Derivatives take turns for small: they steer the steps, and the residuals themselves are exact. */
function layPoints({ spline, line }: ContentSweep, control: Float64Array, first: Float64Array): LaidPoints {
  const position = new Float64Array(3 * line.count),
    normal = new Float64Array(3 * line.count),
    slope = new Float64Array(36 * line.count);
  const [cx, cy] = spline.centreMm;
  const begin = spline.fromImage.slice(0, 12),
    firstFromReference = invert3x4(begin),
    moveFirst = multiply3x4(correct(begin, spline.centreMm, first), firstFromReference);
  let frame = -1;
  let pose: Float64Array = begin, carrier: Float64Array = begin; // prettier-ignore
  for (let i = 0; i < line.count; i++) {
    if (line.frame[i] !== frame) {
      frame = line.frame[i]!;
      const own = spline.fromImage.slice(12 * frame, 12 * frame + 12);
      carrier = multiply3x4(moveFirst, own);
      pose = multiply3x4(moveFirst, correct(own, spline.centreMm, correctionAt(spline, control, frame)));
    }
    const x = line.xyMm[2 * i]!, y = line.xyMm[2 * i + 1]!; // prettier-ignore
    const at = transformPoint(pose, x, y, 0);
    position.set(at, 3 * i);
    const fx = line.facing[2 * i]!, fy = line.facing[2 * i + 1]!; // prettier-ignore
    for (let r = 0; r < 3; r++) normal[3 * i + r] = pose[4 * r]! * fx + pose[4 * r + 1]! * fy;
    // In the axes in which the correction is told: from the image's centre to the point, turned as it is.
    const inOwn = transformPoint(invert3x4(carrier), ...at);
    turnSlopes(carrier, [inOwn[0] - cx, inOwn[1] - cy, inOwn[2]], slope, 36 * i);
    const inFirst = transformPoint(firstFromReference, ...at);
    turnSlopes(begin, [inFirst[0] - cx, inFirst[1] - cy, inFirst[2]], slope, 36 * i + 18);
  }
  return { position, normal, slope };
}

/** Shifts along, and turns about, the columns of `m`: derivatives of a point at `v` from the centre. */
function turnSlopes(
  m: Readonly<Float64Array>,
  [x, y, z]: readonly [number, number, number],
  out: Float64Array,
  at: number,
): void {
  for (let r = 0; r < 3; r++) {
    const a = m[4 * r]!, b = m[4 * r + 1]!, c = m[4 * r + 2]!; // prettier-ignore
    out[at + r] = a;
    out[at + 3 + r] = b;
    out[at + 6 + r] = c;
    out[at + 9 + r] = c * y - b * z;
    out[at + 12 + r] = a * z - c * x;
    out[at + 15 + r] = b * x - a * y;
  }
}

/** Which place of which body each point of a sweep lies on or over; −1: on none. */
interface Partners {
  readonly body: Int8Array;
  readonly triangle: Int32Array;
  /** Weights of the triangle's corners, and the body's unit normal there; three numbers a point. */
  readonly corner: Float64Array;
  readonly normal: Float64Array;
}

/** The body that lies nearest to each point, among those that face it. */
function partnersOf({ bodies, match }: JointProblem, state: JointState, laid: LaidPoints, gateMm: number): Partners {
  const count = laid.position.length / 3;
  const body = new Int8Array(count).fill(-1),
    triangle = new Int32Array(count),
    corner = new Float64Array(3 * count),
    facing = new Float64Array(3 * count),
    nearest = new Float64Array(count).fill(Infinity);
  bodies.forEach(({ model }, b) => {
    const m = state.bodyFromReference[b]!;
    const position = new Float64Array(3 * count),
      normal = new Float64Array(3 * count);
    for (let i = 0; i < 3 * count; i += 3) {
      for (let r = 0; r < 3; r++) {
        const p = m[4 * r]!, q = m[4 * r + 1]!, s = m[4 * r + 2]!; // prettier-ignore
        position[i + r] = p * laid.position[i]! + q * laid.position[i + 1]! + s * laid.position[i + 2]! + m[4 * r + 3]!;
        normal[i + r] = p * laid.normal[i]! + q * laid.normal[i + 1]! + s * laid.normal[i + 2]!;
      }
    }
    const found = match(model, state.coefficients[b]!, { count, position, normal }, gateMm);
    for (let k = 0; k < found.count; k++) {
      const i = found.point[k]!;
      const away = found.distanceMm[k]!;
      if (away >= nearest[i]!) continue;
      nearest[i] = away;
      body[i] = b;
      triangle[i] = found.triangle[k]!;
      corner.set(found.corner.subarray(3 * k, 3 * k + 3), 3 * i);
      facing.set(found.normal.subarray(3 * k, 3 * k + 3), 3 * i);
    }
  });
  return { body, triangle, corner, normal: facing };
}

/** Of a point over its partner along that one's normal, mm; `place`: the point in the body's frame. */
function overPartner(
  { model: { mean, modes } }: ShapeStart,
  b: Float64Array,
  { triangle, corner, normal }: Partners,
  i: number,
  place: readonly [number, number, number],
): number {
  let over = 0;
  for (let k = 0; k < 3; k++) {
    const v = 3 * mean.triangles[3 * triangle[i]! + k]!;
    for (let axis = 0; axis < 3; axis++) {
      let foot = mean.positions[v + axis]!;
      for (let j = 0; j < b.length; j++) foot += b[j]! * modes[j]![v + axis]!;
      over += corner[3 * i + k]! * normal[3 * i + axis]! * (place[axis as 0 | 1 | 2] - foot);
    }
  }
  return over;
}

/** Normal equations at a state; `partners` are kept through some steps, in which points slide over their planes. */
function normalEquations(
  problem: JointProblem,
  at: Layout,
  state: JointState,
  laid: readonly LaidPoints[],
  partners: readonly Partners[],
): JointSystem {
  const { sweeps, bodies, options } = problem;
  const places = laid.map(({ position }, s) => placesIn(partners[s]!, position, state));
  const over = places.map((place, s) =>
    Float64Array.from(
      partners[s]!.body,
      (b, i) =>
      b < 0 ? NaN : overPartner(bodies[b]!, state.coefficients[b]!, partners[s]!, i, [place[3 * i]!, place[3 * i + 1]!, place[3 * i + 2]!]), // prettier-ignore
    ),
  );
  const found = over.flatMap((all) => [...all].filter((r) => !Number.isNaN(r)).map(Math.abs));
  const sdMm = Math.max(options.minSdMm, found.length > 0 ? MAD_TO_SD * percentile(found, 0.5) : 0);
  const sums = new NormalEquations(at.n);
  const used = sweeps.map((_, s) => addLine(sums, problem, at, state, s, laid[s]!, partners[s]!, places[s]!, over[s]!, sdMm)); // prettier-ignore
  const odometry = sweeps.map(({ spline, errors }, s) => addOdometry(sums, at.control[s]!, spline, errors, state.control[s]!)); // prettier-ignore
  sweeps.forEach((_, s) => {
    for (let k = 0; k < 6; k++) {
      sums.addDiagonal(at.first[s]! + k, state.first[s]![k]!, (k < 3 ? options.firstSdMm : options.firstSdRad) ** -2);
    }
  });
  bodies.forEach((body, b) => addBody(sums, at.body[b]!, body, state.bodyFromReference[b]!, state.coefficients[b]!, options)); // prettier-ignore
  return { n: at.n, matrix: sums.matrix, right: sums.right, odometry, used, sdMm };
}

/** Each point in the frame of its partner's body. */
function placesIn({ body }: Partners, position: Float64Array, { bodyFromReference }: JointState): Float64Array {
  const places = new Float64Array(position.length);
  body.forEach((b, i) => {
    if (b < 0) return;
    places.set(transformPoint(bodyFromReference[b]!, position[3 * i]!, position[3 * i + 1]!, position[3 * i + 2]!), 3 * i); // prettier-ignore
  });
  return places;
}

function addLine(
  sums: NormalEquations,
  { sweeps, bodies, options }: JointProblem,
  at: Layout,
  state: JointState,
  s: number,
  { slope }: LaidPoints,
  partners: Partners,
  places: Float64Array,
  over: Float64Array,
  sdMm: number,
): number {
  const { spline, line } = sweeps[s]!;
  const precision = options.pointMm2 / options.patchMm2 / (sdMm * sdMm);
  const most = 24 + 6 + 6 + Math.max(0, ...bodies.map(({ model }) => model.modes.length));
  const columns = new Int32Array(most), derivative = new Float64Array(most); // prettier-ignore
  let used = 0;
  for (let i = 0; i < line.count; i++) {
    const b = partners.body[i]!,
      r = over[i]!,
      u = r / (TUKEY * sdMm);
    if (b < 0 || Math.abs(u) >= 1) continue;
    used++;
    const m = state.bodyFromReference[b]!, { model } = bodies[b]!; // prettier-ignore
    const nx = partners.normal[3 * i]!, ny = partners.normal[3 * i + 1]!, nz = partners.normal[3 * i + 2]!; // prettier-ignore
    const gx = m[0]! * nx + m[4]! * ny + m[8]! * nz, gy = m[1]! * nx + m[5]! * ny + m[9]! * nz, gz = m[2]! * nx + m[6]! * ny + m[10]! * nz; // prettier-ignore
    let count = 0;
    const frame = line.frame[i]!;
    for (let d = 0; d < 12; d++) {
      const q = 36 * i + 3 * d;
      const value = gx * slope[q]! + gy * slope[q + 1]! + gz * slope[q + 2]!;
      if (d >= 6) {
        columns[count] = at.first[s]! + d - 6;
        derivative[count++] = value;
        continue;
      }
      for (let c = 4 * frame; c < 4 * frame + 4; c++) {
        if (spline.control[c]! < 0 || spline.share[c] === 0) continue;
        columns[count] = at.control[s]! + 6 * spline.control[c]! + d;
        derivative[count++] = spline.share[c]! * value;
      }
    }
    const x = places[3 * i]!, y = places[3 * i + 1]!, z = places[3 * i + 2]!; // prettier-ignore
    derivative.set([y * nz - z * ny, z * nx - x * nz, x * ny - y * nx, nx, ny, nz], count);
    for (let d = 0; d < 6; d++) columns[count++] = at.body[b]! + d;
    const corners = 3 * partners.triangle[i]!;
    for (let c = 0; c < model.modes.length; c++) {
      const mode = model.modes[c]!;
      let change = 0;
      for (let corner = 0; corner < 3; corner++) {
        const v = 3 * model.mean.triangles[corners + corner]!;
        change += partners.corner[3 * i + corner]! * (nx * mode[v]! + ny * mode[v + 1]! + nz * mode[v + 2]!);
      }
      columns[count] = at.body[b]! + 6 + c;
      derivative[count++] = -change;
    }
    sums.add(r, columns, derivative, precision * (1 - u * u) ** 2, count);
  }
  return used;
}

function addOdometry(
  sums: NormalEquations,
  at: number,
  spline: CorrectionSpline,
  errors: OdometryErrors,
  x: Float64Array,
): Float64Array {
  const { residual, jacobian } = priorResiduals(spline, errors, x);
  const size = 6 * spline.controls;
  const own = new NormalEquations(size);
  const columns = new Int32Array(size), derivative = new Float64Array(size); // prettier-ignore
  residual.forEach((r, k) => {
    let count = 0;
    for (let u = 0; u < size; u++) {
      const value = jacobian[k * size + u]!;
      if (value === 0) continue;
      columns[count] = u;
      derivative[count++] = value;
    }
    own.add(r, columns, derivative, 1, count);
  });
  const whole = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    sums.right[at + i]! += own.right[i]!;
    for (let j = 0; j <= i; j++) {
      const value = own.matrix[i * size + j]!;
      sums.matrix[(at + i) * sums.n + at + j]! += value;
      whole[i * size + j] = whole[j * size + i] = value;
    }
  }
  return whole;
}

/** The touched points (Huber: beyond two SDs they pull no harder), and the spread of shapes. */
function addBody(
  sums: NormalEquations,
  at: number,
  { model, touched }: ShapeStart,
  m: Float64Array,
  b: Float64Array,
  { touchSdMm }: JointOptions,
): void {
  const modes = model.modes.length,
    offset = model.mean.positions.length;
  const columns = Int32Array.from({ length: 4 + modes }, (_, k) => at + k),
    derivative = new Float64Array(columns.length);
  for (const { landmark, positionMm } of touched) {
    const p = transformPoint(m, ...positionMm);
    const place = model.landmarks[landmark]!.meanMm.map((mean, axis) =>
      model.modes.reduce((sum, mode, k) => sum + b[k]! * mode[offset + 3 * landmark + axis]!, mean),
    );
    const e = p.map((value, axis) => value - place[axis]!);
    const weight = touchSdMm ** -2 / Math.max(1, Math.hypot(...e) / touchSdMm / 2);
    for (let axis = 0; axis < 3; axis++) {
      // The turn moves the point by ω × p.
      const turn = [[0, p[2], -p[1]], [-p[2], 0, p[0]], [p[1], -p[0], 0]][axis]!; // prettier-ignore
      columns.set([at, at + 1, at + 2, at + 3 + axis]);
      derivative.set([...turn, 1]);
      for (let k = 0; k < modes; k++) {
        columns[4 + k] = at + 6 + k;
        derivative[4 + k] = -model.modes[k]![offset + 3 * landmark + axis]!;
      }
      sums.add(e[axis]!, columns, derivative, weight);
    }
  }
  for (let k = 0; k < modes; k++) sums.addDiagonal(at + 6 + k, b[k]!, 1);
  // A pose that nothing holds stays where it is.
  for (let i = 0; i < 6; i++) sums.addDiagonal(at + i, 0, 1e-6);
}

/** Poses of all frames of a sweep, its first frame where it was measured. */
export function correctedPoses({ spline }: ContentSweep, control: Float64Array): Float64Array {
  const all = new Float64Array(spline.fromImage.length);
  for (let i = 0; i < all.length / 12; i++) all.set(correctedPose(spline, control, i), 12 * i);
  return all;
}
