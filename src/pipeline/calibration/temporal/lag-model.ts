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
  /** Image signal minus model at the samples used, px; with the model's rate of change, px/s. */
  readonly residuals: readonly number[];
  readonly rates: readonly number[];
  readonly timesS: readonly number[];
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
  const rows: number[][] = [],
    depths: number[] = [],
    times: number[] = [];
  for (let i = 0; i < imageTimeS.length; i++) {
    const p = signalsAt(trackerTimeS, motionMm, motions, imageTimeS[i]! - lagS);
    if (!p) continue;
    rows.push([1, ...p]);
    depths.push(depthPx[i]!);
    times.push(imageTimeS[i]!);
  }
  const n = rows.length;
  if (n < leastSamples) return undefined;
  const size = motions + 1,
    normal = Matrix.zeros(size, size),
    right = Matrix.zeros(size, 1);
  rows.forEach((row, i) => {
    for (let a = 0; a < size; a++) {
      right.set(a, 0, right.get(a, 0) + row[a]! * depths[i]!);
      for (let b = 0; b < size; b++) normal.set(a, b, normal.get(a, b) + row[a]! * row[b]!);
    }
  });
  const coefficients = solve(normal, right, true).to1DArray();
  const residuals = rows.map((row, i) => depths[i]! - row.reduce((sum, x, k) => sum + x * coefficients[k]!, 0));
  const mean = depths.reduce((sum, d) => sum + d, 0) / n;
  const total = depths.reduce((sum, d) => sum + (d - mean) ** 2, 0);
  const squares = residuals.reduce((sum, r) => sum + r * r, 0);
  const value = (t: number): number => {
    const p = signalsAt(trackerTimeS, motionMm, motions, t);
    return p ? p.reduce((sum, x, k) => sum + x * coefficients[k + 1]!, 0) : NaN;
  };
  const rates = times.map((t) => {
    const rate = (value(t - lagS + RATE_STEP_S) - value(t - lagS - RATE_STEP_S)) / (2 * RATE_STEP_S);
    return Number.isFinite(rate) ? rate : 0;
  });
  return {
    lagS,
    explained: 1 - squares / total,
    meanSquare: squares / n,
    samples: n,
    coefficients,
    residuals,
    rates,
    timesS: times,
  };
}
