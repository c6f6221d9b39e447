import { Matrix, pseudoInverse } from "ml-matrix";
import { multiply3x4 } from "../../../core/rigid.ts";
import { blockLength } from "../correlated-blocks.ts";
import { fisher95, student975 } from "../student.ts";
import { placeOf, type Vector3 } from "../vector3.ts";
import type { RegistrationCovariance } from "../landmarks/registration-covariance.ts";
import type { ImagePose } from "./closed-form.ts";
import { matrixOf, PARAMETERS, parameterSteps } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { biweight, TUKEY } from "../biweight.ts";
import { baseWeights, type RefinedPose } from "./refine.ts";
import { residualFunction, residualKinds, residualsPerFrame } from "./residuals.ts";
import type { WireFrame } from "./wire-frames.ts";

/** What the parameters of image-model.ts are worth, from the session's own scatter and the phantom's registration. */
export interface SpatialUncertainty {
  readonly rotation: Float64Array;
  readonly parameters: Float64Array;
  /** 8 × 8, row-major: from the frames. */
  readonly fromFrames: Float64Array;
  readonly framesFreedom: number;
  /** 8 × 8: from the registration of the phantom; zero when its covariance is not known. */
  readonly fromRegistration: Float64Array;
  readonly registrationFreedom: number;
  /** Neighbouring frames whose errors go together. */
  readonly framesPerBlock: number;
}

/** Uncertainty of the place of one pixel, in the probe's frame. */
export interface PlaceUncertainty {
  /** Half widths of the 95 % interval of x, y and z, mm. */
  readonly halfWidthMm: Vector3;
  /** The true place lies within this distance with 95 % probability, mm. */
  readonly radius95Mm: number;
  /** Expected distance, mm rms. */
  readonly rmsMm: number;
}

const LEAST_BLOCKS = 12;
const REGISTRATION_STEPS = [1e-5, 1e-5, 1e-5, 1e-3, 1e-3, 1e-3] as const;

export interface JudgedSession {
  readonly frames: readonly WireFrame[];
  readonly phantom: NWirePhantom;
  readonly start: ImagePose;
  readonly refined: RefinedPose;
}

/** The linear model around the solution. */
export interface Linearised {
  readonly residuals: Float64Array;
  readonly kinds: Uint8Array;
  /** One column a parameter, each as long as the residuals. */
  readonly columns: readonly Float64Array[];
  /** Weights before outliers fade, and the shares that they keep. */
  readonly base: Float64Array;
  readonly shares: Float64Array;
  /** Inverse of Jᵀ W J, corrected for the slope of the biweight (Huber 1981, section 7.6). */
  readonly inverse: Matrix;
}

export function linearise({ frames, phantom, start, refined }: JudgedSession): Linearised {
  const evaluate = residualFunction(frames, phantom, start.rotation, refined.parameters);
  const residuals = evaluate(refined.parameters),
    kinds = residualKinds(frames.length, phantom),
    base = baseWeights(refined.scaleMm, kinds, phantom);
  const scaled = residuals.map((r, i) => r / (refined.scaleMm[kinds[i]!]! * TUKEY)),
    shares = scaled.map(biweight);
  const columns = Array.from({ length: PARAMETERS }, (_, k) => {
    const shifted = (sign: number): Float64Array =>
      evaluate(refined.parameters.map((p, j) => (j === k ? p + sign * parameterSteps[k]! : p)));
    const plus = shifted(1),
      minus = shifted(-1);
    return plus.map((x, i) => (x - minus[i]!) / (2 * parameterSteps[k]!));
  });
  const slopes = slopeShares(scaled, shares, kinds);
  const normal = normalMatrix(
    columns,
    base.map((w, i) => w * shares[i]! * slopes[kinds[i]!]!),
  );
  return { residuals, kinds, columns, base, shares, inverse: invertScaled(normal) };
}

/** By kind: mean slope of the biweight's score over its mean weight. */
function slopeShares(scaled: Readonly<Float64Array>, shares: Readonly<Float64Array>, kinds: Uint8Array): number[] {
  return [0, 1, 2].map((kind) => {
    let slope = 0,
      weight = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== kind) continue;
      const u2 = scaled[i]! ** 2;
      if (u2 < 1) slope += (1 - u2) * (1 - 5 * u2);
      weight += shares[i]!;
    }
    return Math.min(1, Math.max(0.2, slope / weight));
  });
}

export function normalMatrix(columns: readonly Readonly<Float64Array>[], weights: Readonly<Float64Array>): Matrix {
  const n = columns.length,
    normal = Matrix.zeros(n, n);
  for (let a = 0; a < n; a++) {
    const left = columns[a]!;
    for (let b = a; b < n; b++) {
      const right = columns[b]!;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * left[i]! * right[i]!;
      normal.set(a, b, sum);
      normal.set(b, a, sum);
    }
  }
  return normal;
}

/** Inverse with unit diagonal in between, since parameters are rad, mm and mm a pixel. */
export function invertScaled(normal: Matrix): Matrix {
  const n = normal.rows,
    scale = Array.from({ length: n }, (_, k) => 1 / Math.sqrt(Math.max(1e-300, normal.get(k, k))));
  const unit = Matrix.zeros(n, n);
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) unit.set(a, b, normal.get(a, b) * scale[a]! * scale[b]!);
  const inverse = pseudoInverse(unit, 1e-12);
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) inverse.set(a, b, inverse.get(a, b) * scale[a]! * scale[b]!);
  return inverse;
}

export function spatialUncertainty(
  session: JudgedSession,
  model: Linearised,
  registration: RegistrationCovariance | undefined,
): SpatialUncertainty {
  const { frames, start, refined } = session;
  const moves = frameMoves(session, model);
  const framesPerBlock = blockLength(moves, LEAST_BLOCKS);
  const sum = Matrix.zeros(PARAMETERS, PARAMETERS);
  let blocks = 0;
  for (let from = 0; from < frames.length; from += framesPerBlock, blocks++) {
    const block = new Float64Array(PARAMETERS);
    for (let i = from; i < Math.min(frames.length, from + framesPerBlock); i++)
      for (let k = 0; k < PARAMETERS; k++) block[k]! += moves[i]![k]!;
    for (let a = 0; a < PARAMETERS; a++)
      for (let b = 0; b < PARAMETERS; b++) sum.set(a, b, sum.get(a, b) + block[a]! * block[b]!);
  }
  // Small-sample factor of cluster-robust variances: 8 numbers are fitted to the frames.
  const factor = ((blocks / (blocks - 1)) * (frames.length - 1)) / Math.max(1, frames.length - PARAMETERS);
  const viaRegistration = registration
    ? registrationShare(session, model, registration)
    : Matrix.zeros(PARAMETERS, PARAMETERS);
  return {
    rotation: start.rotation,
    parameters: refined.parameters,
    fromFrames: Float64Array.from(sum.mul(factor).to1DArray()),
    framesFreedom: Math.max(1, blocks - 1),
    fromRegistration: Float64Array.from(viaRegistration.to1DArray()),
    registrationFreedom: registration?.degreesOfFreedom ?? Infinity,
    framesPerBlock,
  };
}

/** By how much each frame moves the parameters: H⁻¹ Σ J w r over its residuals. */
function frameMoves({ frames, phantom }: JudgedSession, model: Linearised): Float64Array[] {
  const each = residualsPerFrame(phantom),
    { residuals, columns, base, shares, inverse } = model;
  return frames.map((_, f) => {
    const score = new Float64Array(PARAMETERS);
    for (let i = f * each; i < (f + 1) * each; i++) {
      const r = base[i]! * shares[i]! * residuals[i]!;
      for (let k = 0; k < PARAMETERS; k++) score[k]! += columns[k]![i]! * r;
    }
    const move = new Float64Array(PARAMETERS);
    for (let a = 0; a < PARAMETERS; a++) for (let b = 0; b < PARAMETERS; b++) move[a]! += inverse.get(a, b) * score[b]!;
    return move;
  });
}

/** A registration that is off by δ moves the parameters by −H⁻¹ Jᵀ W (∂r/∂δ) δ. */
function registrationShare(
  { frames, phantom, start, refined }: JudgedSession,
  { columns, base, shares, inverse }: Linearised,
  registration: RegistrationCovariance,
): Matrix {
  const weights = base.map((w, i) => w * shares[i]!);
  const effect = Matrix.zeros(PARAMETERS, 6);
  REGISTRATION_STEPS.forEach((step, d) => {
    const shifted = (sign: number): Float64Array => {
      const turn = smallMotion(d, sign * step);
      const moved = frames.map((frame) => ({ ...frame, probeFromPhantom: multiply3x4(frame.probeFromPhantom, turn) }));
      return residualFunction(moved, phantom, start.rotation, refined.parameters)(refined.parameters);
    };
    const plus = shifted(1),
      minus = shifted(-1);
    for (let k = 0; k < PARAMETERS; k++) {
      let sum = 0;
      for (let i = 0; i < plus.length; i++)
        sum += (columns[k]![i]! * weights[i]! * (plus[i]! - minus[i]!)) / (2 * step);
      effect.set(k, d, sum);
    }
  });
  const gain = inverse.mmul(effect);
  const own = new Matrix(
    Array.from({ length: 6 }, (_, a) => Array.from(registration.matrix.subarray(6 * a, 6 * a + 6))),
  );
  return gain.mmul(own).mmul(gain.transpose());
}

/** Row-major 3×4: turned about, or moved along, one axis by a little. */
export function smallMotion(axis: number, size: number): Float64Array {
  const m = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  if (axis >= 3) m[4 * (axis - 3) + 3] = size;
  else {
    const a = (axis + 1) % 3,
      b = (axis + 2) % 3;
    m[4 * a + a] = m[4 * b + b] = Math.cos(size);
    m[4 * a + b] = -Math.sin(size);
    m[4 * b + a] = Math.sin(size);
  }
  return m;
}

/** Interval of the place of pixel (u, v). */
export function placeUncertainty(of: SpatialUncertainty, u: number, v: number): PlaceUncertainty {
  const place = (p: Readonly<Float64Array>): Vector3 => placeOf(matrixOf(p, of.rotation), 0, [u, v, 0]);
  const slope = Matrix.zeros(3, PARAMETERS);
  for (let k = 0; k < PARAMETERS; k++) {
    const shifted = (sign: number): Vector3 =>
      place(of.parameters.map((p, j) => (j === k ? p + sign * parameterSteps[k]! : p)));
    const plus = shifted(1),
      minus = shifted(-1);
    for (let row = 0; row < 3; row++) slope.set(row, k, (plus[row]! - minus[row]!) / (2 * parameterSteps[k]!));
  }
  const project = (flat: Readonly<Float64Array>): Matrix =>
    slope.mmul(Matrix.from1DArray(PARAMETERS, PARAMETERS, Array.from(flat))).mmul(slope.transpose());
  const a = project(of.fromFrames),
    b = project(of.fromRegistration),
    sum = Matrix.add(a, b);
  const freedom = (x: number, y: number): number =>
    (x + y) ** 2 / (x ** 2 / of.framesFreedom + y ** 2 / of.registrationFreedom || 1e-300);
  const half = (k: number): number =>
    student975(freedom(a.get(k, k), b.get(k, k))) * Math.sqrt(Math.max(0, sum.get(k, k)));
  const trace = sum.trace(),
    shape = trace ** 2 / (sum.mmul(sum).trace() || 1e-300);
  return {
    halfWidthMm: [half(0), half(1), half(2)],
    radius95Mm: Math.sqrt(trace * fisher95(Math.max(1, shape), freedom(a.trace(), b.trace()))),
    rmsMm: Math.sqrt(trace),
  };
}
