import { invert3x4, multiply3x4 } from "../../../core/rigid.ts";
import type { Lattice } from "../lattice.ts";
import type { SamePoint } from "./pose-graph.ts";

/** Pictures of one sweep for comparing lines of them, and where odometry lays them. */
export interface PictureStack {
  readonly sweep: number;
  readonly lattice: Lattice;
  /** Per frame: `linePicture` of its cells. */
  readonly pictures: readonly Float32Array[];
  /** 12 numbers a frame: row-major 3×4, image to the common frame, mm. */
  readonly fromImage: Readonly<Float64Array>;
}

/** Planes that meet at less than this angle share no clear line. */
const LEAST_SINE = 0.6;
/** Depths of the line that are compared, mm. */
const FROM_MM = 2,
  TO_MM = 44,
  STEP_MM = 0.4;
/** How far odometry may be off along the way, as a share of it; and steps in which it is looked for, mm. */
const DRIFT_SHARE = 0.25,
  MOST_SHIFT_MM = 12,
  SHIFT_STEP_MM = 0.5;
/** Tissue moves under the probe: the line may lie so much deeper in one of them, mm. */
const DEPTH_SHIFTS_MM = [-1.2, -0.8, -0.4, 0, 0.4, 0.8, 1.2];
const LEAST_SAMPLES = 40;
const CROSSING_FRAMES = 9;
/** A shift changes by this share of the way from frame to frame, one SD; and what a correlation is worth against it. */
const SHIFT_PER_MM = 0.15,
  CORRELATION_SD = 0.08;
/** A match must stand out by this much over what any shift gives. */
const LEAST_GAIN = 0.08;
/** Of single correspondences along x, y, z of the crossing frame: neighbours are wrong together. */
const SAME_SD_MM = [1.6, 1.4, 2.2] as const;

/** The logarithm of echoes without its slow trend with depth, smoothed: what two pictures of one line share. */
export function linePicture(cells: Uint8Array, { columns, rows }: Lattice): Float32Array {
  const smooth = boxes(Float32Array.from(cells), columns, rows, 2, 1),
    trend = boxes(smooth, columns, rows, 4, 20);
  return smooth.map((value, at) => value - trend[at]!);
}

function boxes(values: Float32Array, columns: number, rows: number, across: number, down: number): Float32Array {
  const half = new Float32Array(values.length),
    out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    let sum = 0, n = 0; // prettier-ignore
    for (let u = -across; u < columns; u++) {
      if (u + across < columns) { sum += values[row * columns + u + across]!; n++; } // prettier-ignore
      if (u - across - 1 >= 0) { sum -= values[row * columns + u - across - 1]!; n--; } // prettier-ignore
      if (u >= 0) half[row * columns + u] = sum / n;
    }
  }
  for (let u = 0; u < columns; u++) {
    let sum = 0, n = 0; // prettier-ignore
    for (let row = -down; row < rows; row++) {
      if (row + down < rows) { sum += half[(row + down) * columns + u]!; n++; } // prettier-ignore
      if (row - down - 1 >= 0) { sum -= half[(row - down - 1) * columns + u]!; n--; } // prettier-ignore
      if (row >= 0) out[row * columns + u] = sum / n;
    }
  }
  return out;
}

/** The line in which two frames meet, in both pictures: places at depth 0 of the first and what a mm deeper adds. */
interface Line {
  readonly a: readonly [x: number, y: number, dx: number, dy: number];
  readonly b: readonly [x: number, y: number, dx: number, dy: number];
  /** What a mm that the first frame lies further along its own z adds in the second picture, and the other way round. */
  readonly shiftA: readonly [x: number, y: number];
  readonly shiftB: number;
}

function lineOf(bFromA: Readonly<Float64Array>): Line | undefined {
  const m = bFromA;
  if (Math.abs(m[8]!) < LEAST_SINE) return undefined;
  const x0 = -m[11]! / m[8]!,
    dx = -m[9]! / m[8]!;
  return {
    a: [x0, 0, dx, 1],
    b: [m[0]! * x0 + m[3]!, m[4]! * x0 + m[7]!, m[0]! * dx + m[1]!, m[4]! * dx + m[5]!],
    shiftA: [m[2]!, m[6]!],
    shiftB: 1 / m[8]!,
  };
}

function read(
  picture: Float32Array,
  { columns, rows, cellMm, originMm, shown }: Lattice,
  x: number,
  y: number,
): number {
  const u = (x - originMm[0]) / cellMm, v = (y - originMm[1]) / cellMm; // prettier-ignore
  const i = Math.floor(u), j = Math.floor(v); // prettier-ignore
  if (i < 0 || j < 0 || i + 1 >= columns || j + 1 >= rows) return NaN;
  const at = j * columns + i;
  if (!shown[at] || !shown[at + columns + 1]) return NaN;
  const s = u - i, t = v - j; // prettier-ignore
  const top = picture[at]! * (1 - s) + picture[at + 1]! * s,
    bottom = picture[at + columns]! * (1 - s) + picture[at + columns + 1]! * s;
  return top * (1 - t) + bottom * t;
}

/** Correlation of the two pictures along the line, best over the depth shifts; undefined where too little is in view. */
function correlation(
  a: PictureStack,
  i: number,
  b: PictureStack,
  j: number,
  line: Line,
  shiftAMm: number,
  shiftBMm: number,
): { readonly value: number; readonly deeperMm: number } | undefined {
  const own: number[] = [], depths: number[] = []; // prettier-ignore
  for (let v = FROM_MM; v <= TO_MM; v += STEP_MM) {
    const value = read(a.pictures[i]!, a.lattice, line.a[0] + line.a[2] * v + shiftBMm * line.shiftB, v);
    if (Number.isNaN(value)) continue;
    own.push(value);
    depths.push(v);
  }
  if (own.length < LEAST_SAMPLES) return undefined;
  let best: { value: number; deeperMm: number } | undefined;
  for (const deeperMm of DEPTH_SHIFTS_MM) {
    let n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0; // prettier-ignore
    for (let k = 0; k < own.length; k++) {
      const v = depths[k]!;
      const q = read(
        b.pictures[j]!,
        b.lattice,
        line.b[0] + line.b[2] * v + shiftAMm * line.shiftA[0],
        line.b[1] + line.b[3] * v + shiftAMm * line.shiftA[1] + deeperMm,
      );
      if (Number.isNaN(q)) continue;
      const p = own[k]!;
      n++;
      sa += p;
      sb += q;
      saa += p * p;
      sbb += q * q;
      sab += p * q;
    }
    if (n < LEAST_SAMPLES) continue;
    const value = (sab - (sa * sb) / n) / Math.sqrt((saa - (sa * sa) / n) * (sbb - (sb * sb) / n) + 1e-9);
    if (!best || value > best.value) best = { value, deeperMm };
  }
  return best;
}

/**
 * Where the frames of one sweep lie across those of another that crosses it: shifts of the first along its own way by
 * which the two look alike along the lines in which they meet, chosen over all frames at once (dynamic programming), since
 * single lines match in many places. The crossing pictures measure that way along their width, which needs no speckle.
 */
export function findCrossings(a: PictureStack, b: PictureStack): SamePoint[] {
  const wayA = ways(a),
    wayB = ways(b);
  const js = evenly(b.pictures.length, CROSSING_FRAMES);
  const frames = [...a.pictures.keys()].filter((i) => i % stride(a.pictures.length) === 0);
  const pairs = frames.map((i) => js.map((j) => lineOf(relative(b, j, a, i))));
  if (pairs.every((row) => row.every((line) => !line))) return [];
  const shifts = range(MOST_SHIFT_MM);
  let ofA = frames.map(() => 0),
    ofB = js.map(() => 0),
    gain = frames.map(() => 0);
  for (let round = 0; round < 2; round++) {
    const scores = frames.map(
      (i, row) =>
      shifts.map((shift) => meanOf(js.map((j, k) => pairs[row]![k] && correlation(a, i, b, j, pairs[row]![k], shift, ofB[k]!)?.value))), // prettier-ignore
    );
    ofA = smoothPath(scores, shifts, frames.map((i) => wayA[i]!)); // prettier-ignore
    gain = scores.map((row, k) => (row[shifts.indexOf(ofA[k]!)] ?? NaN) - meanOf(row));
    const good = frames.map((_, k) => gain[k]! > LEAST_GAIN);
    const back = js.map(
      (j, k) =>
      shifts.map((shift) => meanOf(frames.map((i, row) => (good[row] && row % 3 === 0 && pairs[row]![k] ? correlation(a, i, b, j, pairs[row]![k], ofA[row]!, shift)?.value : undefined)))), // prettier-ignore
    );
    ofB = smoothPath(back, shifts, js.map((j) => wayB[j]!)); // prettier-ignore
  }
  return frames.flatMap((i, row) =>
    js.flatMap((j, k): SamePoint[] => {
      const line = pairs[row]![k];
      if (!line || !(gain[row]! > LEAST_GAIN)) return [];
      const found = correlation(a, i, b, j, line, ofA[row]!, ofB[k]!);
      if (!found || found.value < 2 * LEAST_GAIN) return [];
      const v = 20;
      return [
        {
          kind: "same-point",
          a: { sweep: a.sweep, frame: i },
          b: { sweep: b.sweep, frame: j },
          aMm: [line.a[0] + line.a[2] * v + ofB[k]! * line.shiftB, v],
          bMm: [
            line.b[0] + line.b[2] * v + ofA[row]! * line.shiftA[0],
            line.b[1] + line.b[3] * v + ofA[row]! * line.shiftA[1] + found.deeperMm,
          ],
          sdMm: SAME_SD_MM,
        },
      ];
    }),
  );
}

const relative = (b: PictureStack, j: number, a: PictureStack, i: number): Float64Array =>
  multiply3x4(invert3x4(b.fromImage.slice(12 * j, 12 * j + 12)), a.fromImage.slice(12 * i, 12 * i + 12));

/** Way of the image's origin up to each frame, mm. */
function ways({ fromImage, pictures }: PictureStack): Float64Array {
  const way = new Float64Array(pictures.length);
  for (let i = 1; i < way.length; i++) {
    way[i] = way[i - 1]! + Math.hypot(...[3, 7, 11].map((k) => fromImage[12 * i + k]! - fromImage[12 * i - 12 + k]!));
  }
  return way;
}

const stride = (count: number): number => Math.max(1, Math.round(count / 80));
const evenly = (count: number, wanted: number): number[] => [
  ...new Set(Array.from({ length: wanted }, (_, k) => Math.round(((count - 1) * (k + 0.5)) / wanted))),
];
const range = (most: number): number[] =>
  Array.from({ length: 2 * Math.round(most / SHIFT_STEP_MM) + 1 }, (_, k) => k * SHIFT_STEP_MM - most);

function meanOf(values: readonly (number | undefined)[]): number {
  let sum = 0, n = 0; // prettier-ignore
  for (const value of values) {
    if (value === undefined || Number.isNaN(value)) continue;
    sum += value;
    n++;
  }
  return n > 0 ? sum / n : NaN;
}

/** The shift of each frame: likeness, smoothness along the way, and what odometry may be off by at the end of that way. */
function smoothPath(
  scores: readonly (readonly number[])[],
  shifts: readonly number[],
  wayMm: readonly number[],
): number[] {
  const local = (k: number, s: number): number => {
    const score = scores[k]![s]!,
      allowed = 0.5 + DRIFT_SHARE * wayMm[k]!;
    return (Number.isNaN(score) ? 0 : -score / CORRELATION_SD) + 0.5 * (shifts[s]! / allowed) ** 2;
  };
  let cost = shifts.map((_, s) => local(0, s));
  const from: number[][] = [];
  for (let k = 1; k < scores.length; k++) {
    const sd = 0.15 + SHIFT_PER_MM * (wayMm[k]! - wayMm[k - 1]!);
    const back: number[] = [];
    cost = shifts.map((shift, s) => {
      let best = Infinity, at = s; // prettier-ignore
      for (let p = Math.max(0, s - 6); p <= Math.min(shifts.length - 1, s + 6); p++) {
        const total = cost[p]! + 0.5 * ((shift - shifts[p]!) / sd) ** 2;
        if (total < best) {
          best = total;
          at = p;
        }
      }
      back.push(at);
      return best + local(k, s);
    });
    from.push(back);
  }
  let s = cost.indexOf(Math.min(...cost));
  const path = [shifts[s]!];
  for (let k = from.length - 1; k >= 0; k--) {
    s = from[k]![s]!;
    path.unshift(shifts[s]!);
  }
  return path;
}
