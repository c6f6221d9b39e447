import { invert3x4, multiply3x4 } from "../../../core/rigid.ts";
import { addObservation, factorise, skylineOf, solveFactorised } from "../../../core/skyline.ts";
import type { InertialTrack } from "../../../data/inertial.ts";
import { pictureTimes } from "../picture-times.ts";
import type { RecoveredMotion, RecoverMotion, SweepImages } from "../sweep-images.ts";
import { sensorSigns } from "./sensor-signs.ts";
import { orientationAt, velocityChange } from "./sample-inertial.ts";

/** One step of the images is worth this, mm: along x and y by matching, along z by decorrelation and a share of its length. */
const IN_PLANE_SD_MM = 0.03,
  ELEVATION_SD_MM = 0.06,
  ELEVATION_SD_SHARE = 0.15;
/** What images get wrong in proportion to the way: slanted anatomy feigns way in the plane, curves err in their scale. */
const SLANT_SD = 0.08,
  SCALE_SD = 0.25;
/** By how much these change from knot to knot, and how far apart knots are, seconds. */
const SLANT_WALK = 0.04,
  SCALE_WALK = 0.08,
  KNOT_S = 1.5;
/** What is left of the accelerometer's error: its bias, and gravity that a tilted orientation lets in. mm/s². */
const BIAS_SD = 150,
  BIAS_WALK = 60;
/** Of a change of velocity between steps, mm/s: noise, and the lever's swing under the noise of the orientation. */
const VELOCITY_SD_MM_PER_S = 1;

/**
 * A method's steps with the orientation sensor: its turns are taken as they are; its acceleration, against the way that
 * the hand's tremor makes the images see, tells the scale of that way, as in visual-inertial odometry.
 */
export const withInertial =
  (recover: RecoverMotion): RecoverMotion =>
  async (sweep, context) => {
    const motion = await recover(sweep, context);
    if (!sweep.inertial) throw new Error("unreachable: the sweep has no orientation sensor");
    return fuseInertial(motion, sweep, sweep.inertial);
  };

export function fuseInertial(motion: RecoveredMotion, sweep: SweepImages, track: InertialTrack): RecoveredMotion {
  const { pictureOf, firstFrame } = distinct(motion.firstFromImage);
  const timeS = pictureTimes(sweep.timeS, firstFrame);
  if (timeS[0]! < track.timeS[0]! || timeS[timeS.length - 1]! > track.timeS[track.timeS.length - 1]!) {
    return {
      ...motion,
      warnings: [...motion.warnings, "the orientation sensor was silent for a part: it is not used"],
    };
  }
  const centre: Vector = [0, middleDepthMm(sweep), 0];
  const turns = Array.from(timeS, (t) => orientationAt(track, t));
  const unsigned = firstFrame.slice(1).map((frame, i) => stepOf(motion.firstFromImage, firstFrame[i]!, frame, centre));
  const signs = sensorSigns(unsigned, turns, centre);
  const seen = unsigned.map(([x, y, z], i): Vector => [x, y, signs[i]! * z]);
  const all = solvePath(seen, turns, timeS, track, centre);
  const contradicts = all.worstScale > MOST_SCALE;
  const solved = contradicts ? asSeenPath(seen, turns) : all;
  const turned = signs.reduce((sum, sign) => sum + (sign < 0 ? 1 : 0), 0);
  const warnings = [
    ...motion.warnings,
    ...(turned > 0 ? [`${turned} of ${signs.length} steps go to the other side than the images said, by the turns of the orientation sensor`] : []), // prettier-ignore
    ...(contradicts ? ["the accelerometer contradicts the images' way: only the turns of the orientation sensor are used"] : []), // prettier-ignore
  ];
  const count = sweep.count,
    firstFromImage = new Float64Array(12 * count),
    centreSdMm = new Float64Array(3 * count);
  const own = turns.map((r, k) => poseAbout(r, solved.path.subarray(3 * k, 3 * k + 3), centre)),
    firstFromEarth = invert3x4(own[0]!);
  for (let i = 0; i < count; i++) {
    const k = pictureOf[i]!;
    firstFromImage.set(multiply3x4(firstFromEarth, own[k]!), 12 * i);
    const way = Math.hypot(...[0, 1, 2].map((axis) => solved.path[3 * k + axis]! - solved.path[axis]!));
    centreSdMm.set([SLANT_SD * way * 0.35, SLANT_SD * way * 0.35, solved.scaleSd * way].map((sd) => Math.hypot(sd, 0.2)), 3 * i); // prettier-ignore
  }
  return { firstFromImage, centreSdMm, warnings };
}

type Vector = readonly [number, number, number];

const middleDepthMm = ({ geometry: { height, spacingMm, faceCentrePx } }: SweepImages): number =>
  ((height - 1) / 2 - faceCentrePx[1]) * spacingMm[1];

/** Frames that show one picture have one pose, to the last bit. */
function distinct(firstFromImage: Readonly<Float64Array>): { pictureOf: Int32Array; firstFrame: number[] } {
  const count = firstFromImage.length / 12,
    pictureOf = new Int32Array(count),
    firstFrame: number[] = [0];
  for (let i = 1; i < count; i++) {
    let same = true;
    for (let k = 0; k < 12 && same; k++) same = firstFromImage[12 * i + k] === firstFromImage[12 * i - 12 + k];
    if (!same) firstFrame.push(i);
    pictureOf[i] = firstFrame.length - 1;
  }
  return { pictureOf, firstFrame };
}

/** Way of the point `centre` of the later image in the earlier one, mm. */
function stepOf(poses: Readonly<Float64Array>, a: number, b: number, [x, y, z]: Vector): Vector {
  const m = multiply3x4(invert3x4(poses.slice(12 * a, 12 * a + 12)), poses.slice(12 * b, 12 * b + 12));
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]! - x,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]! - y,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]! - z,
  ];
}

function poseAbout(r: Readonly<Float64Array>, at: Readonly<Float64Array>, [x, y, z]: Vector): Float64Array {
  const t = [0, 1, 2].map((k) => at[k]! - r[3 * k]! * x - r[3 * k + 1]! * y - r[3 * k + 2]! * z);
  return Float64Array.of(r[0]!, r[1]!, r[2]!, t[0]!, r[3]!, r[4]!, r[5]!, t[1]!, r[6]!, r[7]!, r[8]!, t[2]!);
}

interface Path {
  /** Of the centre, 3 numbers a picture, earth's axes. */
  readonly path: Float64Array;
  /** Of the mean scale. */
  readonly scaleSd: number;
}

/** What the scale of the images' way was found to be off by at the worst knot: beyond 3 of its SDs something else is wrong. */
const MOST_SCALE = 3 * SCALE_SD;

/** The images' steps laid end to end, turned as the sensor says. */
function asSeenPath(steps: readonly Vector[], turns: readonly Readonly<Float64Array>[]): Path {
  const path = new Float64Array(3 * turns.length);
  steps.forEach((step, i) => {
    for (let k = 0; k < 3; k++) {
      const along = step.reduce((sum, mm, axis) => sum + turns[i]![3 * k + axis]! * mm, 0);
      path[3 * (i + 1) + k] = path[3 * i + k]! + along;
    }
  });
  return { path, scaleSd: SCALE_SD };
}

/** Sums to solve for, and what was found of them last. */
interface Unknowns {
  readonly size: number;
  /** Places of the centre begin at 0, 3 a picture; these at so much, 3 a knot. */
  readonly errors: number;
  readonly biases: number;
  readonly knots: number;
  /** Knots on both sides of a picture, with their shares. */
  atKnots(picture: number): readonly (readonly [knot: number, share: number])[];
}

function unknownsOf(timeS: Readonly<Float64Array>): Unknowns {
  const n = timeS.length,
    durationS = Math.max(1e-9, timeS[n - 1]! - timeS[0]!),
    knots = Math.max(2, Math.ceil(durationS / KNOT_S) + 1);
  const errors = 3 * n,
    biases = errors + 3 * knots;
  return {
    size: biases + 3 * knots,
    errors,
    biases,
    knots,
    atKnots(i) {
      const s = ((timeS[i]! - timeS[0]!) / durationS) * (knots - 1),
        k = Math.min(knots - 2, Math.floor(s));
      return [
        [k, 1 - (s - k)],
        [k + 1, s - k],
      ];
    },
  };
}

interface Row {
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
  readonly value: number;
  readonly sd: number;
}

/**
 * Places of the centre, slant and scale of the images' steps at knots, bias of the accelerometer at knots: least squares
 * of what was measured, by Gauss-Newton, since a scale and the way that it stretches are both unknown. (Were the measured
 * step taken for that way, its noise would shrink the scale.)
 */
function solvePath(
  steps: readonly Vector[],
  turns: readonly Readonly<Float64Array>[],
  timeS: Readonly<Float64Array>,
  track: InertialTrack,
  centre: Vector,
): Path & { readonly worstScale: number } {
  const unknowns = unknownsOf(timeS),
    { size, errors, knots } = unknowns;
  const fixed = [...inertialRows(turns, timeS, track, centre, unknowns), ...priorRows(unknowns)];
  let x: Float64Array = new Float64Array(size),
    matrix = skylineOf(0, []);
  for (let round = 0; round < ROUNDS; round++) {
    const rows = [...imageRows(steps, turns, x, round === 0, unknowns), ...fixed];
    matrix = skylineOf(
      size,
      rows.map(({ columns }) => columns),
    );
    const right = new Float64Array(size);
    for (const { columns, coefficients, value, sd } of rows) {
      addObservation(matrix, right, columns, coefficients, value, sd ** -2);
    }
    factorise(matrix);
    x = solveFactorised(matrix, right);
    // The first round, in which the images' scale is taken as it is, only says how the way goes.
    if (round === 0) x.fill(0, errors, errors + 3 * knots);
  }
  const mean = new Float64Array(size);
  for (let k = 0; k < knots; k++) mean[errors + 3 * k + 2] = 1 / knots;
  const scaleSd = Math.sqrt(solveFactorised(matrix, mean).reduce((sum, v, i) => sum + v * mean[i]!, 0));
  const worstScale = Math.max(...Array.from({ length: knots }, (_, k) => Math.abs(x[errors + 3 * k + 2]!)));
  return { path: x.slice(0, errors), scaleSd, worstScale };
}
const ROUNDS = 6;

/** Each step as the images saw it: the way in the earlier image's axes, x and y with their share of z, z times its scale. */
function imageRows(
  steps: readonly Vector[],
  turns: readonly Readonly<Float64Array>[],
  x: Readonly<Float64Array>,
  asSeen: boolean,
  { errors, atKnots }: Unknowns,
): Row[] {
  return steps.flatMap((step, i) => {
    const r = turns[i]!,
      knots = atKnots(i);
    const along = (axis: number): number =>
      [0, 1, 2].reduce((sum, k) => sum + r[3 * k + axis]! * (x[3 * (i + 1) + k]! - x[3 * i + k]!), 0);
    const z = asSeen ? 0 : along(2);
    return [0, 1, 2].map((axis): Row => {
      const error = knots.reduce((sum, [knot, share]) => sum + share * x[errors + 3 * knot + axis]!, 0);
      const columns: number[] = [], coefficients: number[] = []; // prettier-ignore
      for (let k = 0; k < 3; k++) {
        const of = r[3 * k + axis]! + error * r[3 * k + 2]!;
        columns.push(3 * i + k, 3 * (i + 1) + k);
        coefficients.push(-of, of);
      }
      for (const [knot, share] of knots) {
        columns.push(errors + 3 * knot + axis);
        coefficients.push(share * z);
      }
      const sd = axis < 2 ? IN_PLANE_SD_MM : Math.hypot(ELEVATION_SD_MM, ELEVATION_SD_SHARE * step[2]);
      return { columns, coefficients, value: step[axis]! + z * error, sd };
    });
  });
}

/** Changes of velocity of the centre, which the accelerometer tells of the sensor, at the end of its lever. */
function inertialRows(
  turns: readonly Readonly<Float64Array>[],
  timeS: Readonly<Float64Array>,
  track: InertialTrack,
  centre: Vector,
  { biases, atKnots }: Unknowns,
): Row[] {
  const lever = track.leverMm.map((value, k) => value - centre[k]!);
  const rows: Row[] = [];
  for (let i = 1; i + 1 < turns.length; i++) {
    const h0 = timeS[i]! - timeS[i - 1]!,
      h1 = timeS[i + 1]! - timeS[i]!;
    const change = velocityChange(track, timeS[i - 1]!, timeS[i]!, timeS[i + 1]!);
    if (!change) continue;
    for (let axis = 0; axis < 3; axis++) {
      const arm = (k: number): number => lever.reduce((sum, value, c) => sum + turns[k]![3 * axis + c]! * value, 0);
      const swing = (arm(i + 1) - arm(i)) / h1 - (arm(i) - arm(i - 1)) / h0;
      const columns = [3 * (i - 1) + axis, 3 * i + axis, 3 * (i + 1) + axis],
        coefficients = [1 / h0, -1 / h0 - 1 / h1, 1 / h1];
      for (const [knot, share] of atKnots(i)) {
        columns.push(biases + 3 * knot + axis);
        coefficients.push((share * -(h0 + h1)) / 2);
      }
      rows.push({ columns, coefficients, value: change[axis]! - swing, sd: VELOCITY_SD_MM_PER_S });
    }
  }
  return rows;
}

function priorRows({ errors, biases, knots }: Unknowns): Row[] {
  const rows: Row[] = [];
  for (let axis = 0; axis < 3; axis++) {
    rows.push({ columns: [axis], coefficients: [1], value: 0, sd: 1e-3 });
    const [sd, walk] = axis < 2 ? [SLANT_SD, SLANT_WALK] : [SCALE_SD, SCALE_WALK];
    for (let k = 0; k < knots; k++) {
      const error = errors + 3 * k + axis,
        bias = biases + 3 * k + axis;
      rows.push({ columns: [error], coefficients: [1], value: 0, sd });
      rows.push({ columns: [bias], coefficients: [1], value: 0, sd: BIAS_SD });
      if (k === 0) continue;
      rows.push({ columns: [error - 3, error], coefficients: [-1, 1], value: 0, sd: walk });
      rows.push({ columns: [bias - 3, bias], coefficients: [-1, 1], value: 0, sd: BIAS_WALK });
    }
  }
  return rows;
}
