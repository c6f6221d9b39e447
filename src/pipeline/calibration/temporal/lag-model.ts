import { Matrix, solve } from "ml-matrix";

/** Linear interpolation at `t` of signals of `columns` numbers a sample; undefined outside the times. */
export function signalsAt(
  timeS: Readonly<Float64Array>,
  signals: Readonly<Float64Array>,
  columns: number,
  t: number,
): number[] | undefined {
  const n = timeS.length;
  if (!(t >= timeS[0]! && t <= timeS[n - 1]!)) return undefined;
  let low = 0,
    high = n - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (timeS[middle]! <= t) low = middle;
    else high = middle;
  }
  const s = (t - timeS[low]!) / (timeS[high]! - timeS[low]!);
  return Array.from(
    { length: columns },
    (_, k) => (1 - s) * signals[columns * low + k]! + s * signals[columns * high + k]!,
  );
}

export interface LagFit {
  readonly lagS: number;
  /** Share of the image signal's variance that the tracker's motion explains at this lag. */
  readonly explained: number;
  /** Residual sum of squares a sample, px². */
  readonly meanSquare: number;
  readonly samples: number;
  /** px, then px per mm of each motion. */
  readonly coefficients: readonly number[];
}

/** What a fit leaves over at the images that it used. */
export interface LagResiduals {
  readonly timesS: readonly number[];
  /** Image signal minus model, px. */
  readonly residuals: readonly number[];
  /** The model's rate of change, px/s. */
  readonly rates: readonly number[];
}

export interface LagInput {
  readonly imageTimeS: Readonly<Float64Array>;
  readonly depthPx: Readonly<Float64Array>;
  readonly trackerTimeS: Readonly<Float64Array>;
  /** Translations and turns over time, `motions` numbers a sample, mm; the largest first. */
  readonly motionMm: Readonly<Float64Array>;
  readonly motions: number;
}

/** Half step of the central difference for the model's rate, s: one tracker sample at 100 Hz. */
const RATE_STEP_S = 0.01;

/**
 * Least squares of depth(t) ≈ a + Σ b_k · motion_k(t − lag), either sign. Undefined when the times overlap in fewer
 * than `leastSamples` images.
 */
export function fitLag(input: LagInput, lagS: number, leastSamples: number): LagFit | undefined {
  const { imageTimeS, depthPx, trackerTimeS, motionMm, motions } = input;
  const size = motions + 1,
    normal = new Float64Array(size * size),
    right = new Float64Array(size),
    row = new Float64Array(size).fill(1);
  const last = trackerTimeS.length - 1;
  let n = 0,
    sum = 0,
    squares = 0,
    at = 0;
  for (let i = 0; i < imageTimeS.length; i++) {
    const t = imageTimeS[i]! - lagS,
      depth = depthPx[i]!;
    if (!(t >= trackerTimeS[0]! && t <= trackerTimeS[last]!)) continue;
    while (at + 1 < last && trackerTimeS[at + 1]! <= t) at++; // image times rise
    const share = (t - trackerTimeS[at]!) / (trackerTimeS[at + 1]! - trackerTimeS[at]!);
    for (let k = 0; k < motions; k++)
      row[k + 1] = (1 - share) * motionMm[motions * at + k]! + share * motionMm[motions * (at + 1) + k]!;
    for (let a = 0; a < size; a++) {
      right[a]! += row[a]! * depth;
      for (let b = 0; b < size; b++) normal[a * size + b]! += row[a]! * row[b]!;
    }
    n++;
    sum += depth;
    squares += depth * depth;
  }
  if (n < leastSamples) return undefined;
  const coefficients = solve(
    Matrix.from1DArray(size, size, Array.from(normal)),
    Matrix.columnVector(Array.from(right)),
    true,
  ).to1DArray();
  const left = squares - coefficients.reduce((total, c, k) => total + c * right[k]!, 0);
  return {
    lagS,
    explained: 1 - Math.max(0, left) / (squares - (sum * sum) / n),
    meanSquare: Math.max(0, left) / n,
    samples: n,
    coefficients,
  };
}

/** Residuals and rates of a fit. */
export function lagResiduals(
  { imageTimeS, depthPx, trackerTimeS, motionMm, motions }: LagInput,
  { lagS, coefficients }: LagFit,
): LagResiduals {
  const value = (t: number): number => {
    const p = signalsAt(trackerTimeS, motionMm, motions, t);
    return p ? p.reduce((sum, x, k) => sum + x * coefficients[k + 1]!, 0) : NaN;
  };
  const timesS: number[] = [],
    residuals: number[] = [],
    rates: number[] = [];
  imageTimeS.forEach((time, i) => {
    const expected = value(time - lagS);
    if (Number.isNaN(expected)) return;
    const rate = (value(time - lagS + RATE_STEP_S) - value(time - lagS - RATE_STEP_S)) / (2 * RATE_STEP_S);
    timesS.push(time);
    residuals.push(depthPx[i]! - coefficients[0]! - expected);
    rates.push(Number.isFinite(rate) ? rate : 0);
  });
  return { timesS, residuals, rates };
}
