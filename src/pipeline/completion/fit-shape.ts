import { cholesky, solveCholesky, type Cholesky } from "../../core/cholesky.ts";
import { fromAxisAngle, multiply3x4, transformPoint } from "../../core/rigid.ts";
import { percentile } from "../../core/stats.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeModel, TouchedPoint } from "../../data/shape-model.ts";
import { matchSheet, type Matches } from "./match-sheet.ts";
import { shapeInstance, shapeLandmarks } from "./shape-instance.ts";
import { moveSamples, type SheetSamples } from "./sheet-samples.ts";

/** Which landmarks of the model were touched, by their names. */
export const touchedLandmarks = (model: ShapeModel, points: readonly DigitisedPoint[]): TouchedPoint[] =>
  model.landmarks.flatMap(({ name }, landmark): TouchedPoint[] => {
    const positionMm = points.find((point) => point.name === name)?.positionMm;
    return positionMm ? [{ landmark, positionMm }] : [];
  });

export interface FitOptions {
  /** Errors of the sheet hang together over patches of this area (a sweep's pose error), so these are the observations. */
  readonly patchMm2: number;
  /** SD of a touched point about the landmark on the bone: skin, and the operator's finger. */
  readonly touchSdMm: number;
  /** The error of a patch is at least this, mm. */
  readonly minSdMm: number;
  readonly rounds: number;
}

export const fitDefaults: FitOptions = { patchMm2: 150, touchSdMm: 6, minSdMm: 0.6, rounds: 36 };

export interface FittedShape {
  /** Rigid, row-major 3×4: from the sheet's frame to the body's. */
  readonly bodyFromSheet: Float64Array;
  /** In standard deviations. */
  readonly coefficients: Float64Array;
  /** Information of (turn 3, shift 3, coefficients): its inverse is their covariance. */
  readonly information: Cholesky;
  readonly matches: Matches;
  /** Of each match, 0 … 1. */
  readonly weight: Float64Array;
  /** Robust SD of the residuals, mm. */
  readonly sdMm: number;
}

/** Tukey's biweight has 95 % efficiency at this many SDs. */
const TUKEY = 4.685;
const MAD_TO_SD = 1.4826;
/** A point farther off than this belongs to something else: at the start, when the pose is a guess, and at the end. */
const FIRST_GATE_MM = 20,
  LAST_GATE_MM = 6;

/**
 * Pose and coefficients that bring the shape to the sheet: the maximum a posteriori of point-to-plane distances with
 * biweight, the coefficients' own spread, and the touched points, by Gauss-Newton with ever closer partners. Modes are
 * let in after the pose has settled.
 */
export function fitShape(
  model: ShapeModel,
  sheet: SheetSamples,
  touched: readonly TouchedPoint[],
  start: Readonly<Float64Array>,
  options: FitOptions = fitDefaults,
): FittedShape {
  const modes = model.modes.length;
  let m: Float64Array = Float64Array.from(start);
  const b = new Float64Array(modes);
  let state: Omit<FittedShape, "bodyFromSheet" | "coefficients"> | undefined;
  for (let round = 0; round <= options.rounds; round++) {
    const share = round / options.rounds;
    const gateMm = Math.max(LAST_GATE_MM, FIRST_GATE_MM * (1 - 1.2 * share));
    const active = share < 0.2 ? 0 : share < 0.4 ? Math.min(modes, 4) : modes;
    const moved = moveSamples(sheet, m);
    const matches = matchSheet(shapeInstance(model, b), model.cap, moved, gateMm);
    const sdMm = Math.max(options.minSdMm, MAD_TO_SD * medianOf(matches.residualMm.map(Math.abs)));
    const weight = matches.residualMm.map((r) => biweight(r / (TUKEY * sdMm)));
    const precision = sheet.areaMm2 / options.patchMm2 / (sdMm * sdMm);
    const system = normalEquations(model, { b, m, active, moved, matches, weight, precision }, touched, options);
    const information = cholesky(system.matrix, system.n);
    state = { information, matches, weight, sdMm };
    if (round === options.rounds) break;
    const step = solveCholesky(information, system.right);
    const angle = Math.hypot(step[0]!, step[1]!, step[2]!);
    const turn = fromAxisAngle(angle > 0 ? [step[0]!, step[1]!, step[2]!] : [1, 0, 0], angle, [
      step[3]!,
      step[4]!,
      step[5]!,
    ]);
    m = multiply3x4(turn.m, m);
    for (let k = 0; k < active; k++) b[k]! += step[6 + k]!;
  }
  return { bodyFromSheet: m, coefficients: b, ...state! };
}

const biweight = (u: number): number => (Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0);

interface Linearised {
  readonly b: Float64Array;
  readonly m: Float64Array;
  readonly active: number;
  readonly moved: SheetSamples;
  readonly matches: Matches;
  readonly weight: Float64Array;
  readonly precision: number;
}

/** For the step (turn, shift, coefficients) that makes the residuals least: matrix and right-hand side. */
function normalEquations(
  model: ShapeModel,
  { b, m, active, moved, matches, weight, precision }: Linearised,
  touched: readonly TouchedPoint[],
  { touchSdMm }: FitOptions,
): { readonly matrix: Float64Array; readonly right: Float64Array; readonly n: number } {
  const n = 6 + active;
  const matrix = new Float64Array(n * n),
    right = new Float64Array(n),
    row = new Float64Array(n);
  const add = (residual: number, w: number): void => {
    for (let i = 0; i < n; i++) {
      const wi = w * row[i]!;
      right[i]! -= wi * residual;
      for (let j = 0; j <= i; j++) matrix[i * n + j]! += wi * row[j]!;
    }
  };
  const triangles = model.mean.triangles;
  for (let i = 0; i < matches.count; i++) {
    if (weight[i] === 0) continue;
    const nx = matches.normal[3 * i]!, ny = matches.normal[3 * i + 1]!, nz = matches.normal[3 * i + 2]!; // prettier-ignore
    const at = 3 * matches.point[i]!;
    const x = moved.position[at]!, y = moved.position[at + 1]!, z = moved.position[at + 2]!; // prettier-ignore
    row.set([y * nz - z * ny, z * nx - x * nz, x * ny - y * nx, nx, ny, nz]);
    const t = 3 * matches.triangle[i]!;
    for (let k = 0; k < active; k++) {
      const mode = model.modes[k]!;
      let along = 0;
      for (let c = 0; c < 3; c++) {
        const v = 3 * triangles[t + c]!;
        along += matches.corner[3 * i + c]! * (nx * mode[v]! + ny * mode[v + 1]! + nz * mode[v + 2]!);
      }
      row[6 + k] = -along;
    }
    add(matches.residualMm[i]!, weight[i]! * precision);
  }
  const places = shapeLandmarks(model, b);
  const offset = model.mean.positions.length;
  for (const { landmark, positionMm } of touched) {
    const p = transformPoint(m, ...positionMm);
    const e = [0, 1, 2].map((axis) => p[axis as 0 | 1 | 2] - places[3 * landmark + axis]!);
    const off = Math.hypot(...e) / touchSdMm;
    const w = 1 / (touchSdMm * touchSdMm) / Math.max(1, off / 2); // Huber: beyond two SDs it pulls no harder
    for (let axis = 0; axis < 3; axis++) {
      const [x, y, z] = p;
      row.fill(0);
      // The turn moves the point by ω × p.
      if (axis === 0) row.set([0, z, -y]);
      else if (axis === 1) row.set([-z, 0, x]);
      else row.set([y, -x, 0]);
      row[3 + axis] = 1;
      for (let k = 0; k < active; k++) row[6 + k] = -model.modes[k]![offset + 3 * landmark + axis]!;
      add(e[axis]!, w);
    }
  }
  for (let k = 0; k < active; k++) {
    matrix[(6 + k) * (n + 1)]! += 1;
    right[6 + k]! -= b[k]!;
  }
  // A pose that nothing holds stays where it is.
  for (let i = 0; i < 6; i++) matrix[i * (n + 1)]! += 1e-6;
  return { matrix, right, n };
}

const medianOf = (values: Float64Array): number => (values.length > 0 ? percentile(values, 0.5) : 0);
