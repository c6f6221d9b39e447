import { blockLength } from "../correlated-blocks.ts";
import { student975 } from "../student.ts";
import { percentile } from "../../../core/stats.ts";
import { poseAt, type PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { eigen3 } from "../symmetric3.ts";
import { fitLag, lagResiduals, type LagFit, type LagInput, type LagResiduals } from "./lag-model.ts";
import { steadyPath } from "./steady-path.ts";
import type { ImageSignal } from "./image-signal.ts";

export interface LagOptions {
  /** The lag is looked for from − to + this, s. */
  readonly reachS: number;
  readonly leastFrames: number;
  /** The image signal must swing by this much (5 to 95 %), px, and the probe by this much, mm. */
  readonly leastSwingPx: number;
  readonly leastSwingMm: number;
  /** Share of the image signal that the tracker's motion must explain. */
  readonly leastExplained: number;
}

/** PLUS asks for swings of 30 px and 8 mm; a line is found to a fraction of a pixel, so less does. */
export const defaultLag: LagOptions = {
  reachS: 1,
  leastFrames: 25,
  leastSwingPx: 8,
  leastSwingMm: 3,
  leastExplained: 0.8,
};

export interface LagCalibration {
  readonly status: "calibrated";
  /** Positive: the images run behind the tracker. PLUS's "tracker lag" is the negative of it. */
  readonly imageLagS: number;
  /** 95 % interval. */
  readonly lowS: number;
  readonly highS: number;
  readonly explained: number;
  readonly rmsPx: number;
  readonly samples: number;
  /** px of image depth per mm along the probe's main direction of motion; its sign was free. */
  readonly pxPerMm: number;
  /** Drift of the lag over the recording, s per s, with its 95 % half width. */
  readonly driftSPerS: number;
  readonly driftHalfWidthSPerS: number;
  /** Next best lag that is no neighbour of the best one, with what it explains; NaN when there is none. */
  readonly rivalLagS: number;
  readonly rivalExplained: number;
  /** Lags tried and what each explains: the curve to look at. */
  readonly curve: readonly { readonly lagS: number; readonly explained: number }[];
  /** What the best lag leaves over, image by image. */
  readonly left: LagResiduals;
}

/** For the interval. */
const LEAST_BLOCKS = 12;
const COARSE_STEP_S = 0.01;
/** How far, and in what steps, a lag is looked for only to say that it is there, s. */
const FARTHEST_S = 10;
const FAR_STEP_S = 0.02;
/** Motions with less than this are noise, mm (standard deviation). */
const MOVING_MM = 0.1;
/** Turns are counted as the motion of a point this far from the markers, which is where images are, mm. */
const LEVER_MM = 100;
/** A rival whose residual is within this factor of the best one's cannot be told from it. */
const RIVAL_FACTOR = 2;

/** The lag at which the tracker's motion explains the image's best. `series`: poses of the probe in a resting body. */
export function calibrateLag(
  signal: Pick<ImageSignal, "timeS" | "depthPx">,
  series: PoseSeries,
  options: LagOptions = defaultLag,
): LagCalibration | Refused {
  const refused = unfit(signal, series, options);
  if (refused) return refused;
  const motion = principalMotion(series);
  if (!(motion.swingMm >= options.leastSwingMm)) {
    return refuse(
      `The probe moves by ${motion.swingMm.toFixed(1)} mm only, at least ${options.leastSwingMm} mm are needed`,
      "Move the probe up and down over the bottom of a water tank by 2 cm or more.",
    );
  }
  const path = steadyPath(series.timeS, motion.motionMm, motion.motions);
  const input: LagInput = {
    imageTimeS: signal.timeS,
    depthPx: signal.depthPx,
    trackerTimeS: path.timeS,
    motionMm: path.values,
    motions: motion.motions,
  };
  const least = Math.max(options.leastFrames, Math.ceil(signal.timeS.length / 2));
  const coarse: LagFit[] = [];
  const steps = Math.round(options.reachS / COARSE_STEP_S);
  for (let k = -steps; k <= steps; k++) {
    const fit = fitLag(input, k * COARSE_STEP_S, least);
    if (fit) coarse.push(fit);
  }
  if (coarse.length === 0) {
    return refuse(
      `Images (${span(signal.timeS)}) and poses (${span(series.timeS)}) do not overlap in ${least} frames`,
      "Record both with one clock, at the same time.",
    );
  }
  return decide(input, coarse, least, options);
}

function unfit(
  { timeS, depthPx }: Pick<ImageSignal, "timeS" | "depthPx">,
  series: PoseSeries,
  { leastFrames, leastSwingPx }: LagOptions,
): Refused | undefined {
  if (timeS.length < leastFrames || series.timeS.length < leastFrames) {
    return refuse(
      `${timeS.length} images and ${series.timeS.length} poses are too few (at least ${leastFrames} of each)`,
      "Record 10 s or more.",
    );
  }
  const swingPx = percentile(depthPx, 0.95) - percentile(depthPx, 0.05);
  if (swingPx >= leastSwingPx) return undefined;
  return refuse(
    `The image moves by ${swingPx.toFixed(1)} px only, at least ${leastSwingPx} px are needed`,
    "Move the probe up and down over the bottom of a water tank by 2 cm or more.",
  );
}

function decide(
  input: LagInput,
  coarse: readonly LagFit[],
  least: number,
  options: LagOptions,
): LagCalibration | Refused {
  const curve = coarse.map(({ lagS, explained }) => ({ lagS, explained }));
  const at = coarse.reduce((best, { explained }, i) => (explained > coarse[best]!.explained ? i : best), 0);
  const best = coarse[at]!;
  const farther = best.explained < options.leastExplained || at === 0 || at === coarse.length - 1;
  const outside = farther ? lagOutside(input, best, least, options) : undefined;
  if (outside) {
    return refuse(
      `The lag lies outside of the ± ${options.reachS} s that were searched: at ${outside.lagS.toFixed(2)} s the tracked motion ` +
        `explains ${(100 * outside.explained).toFixed(0)} % of the image's`,
      `Search further (--reach ${Math.ceil(1.2 * Math.abs(outside.lagS))}), or set the clocks of the two devices to one time.`,
    );
  }
  if (best.explained < options.leastExplained) {
    const share = `${(100 * best.explained).toFixed(0)} %`;
    return refuse(
      `The image does not follow the probe: at no lag within ± ${options.reachS} s does the tracked motion explain ` +
        `more than ${share} of the image's (at least ${(100 * options.leastExplained).toFixed(0)} % are needed)`,
      "Check that the images and the poses are of one recording and that the moving tool is the probe.",
    );
  }
  if (at === 0 || at === coarse.length - 1) {
    return refuse(
      `The best lag lies at the end of the range searched (${best.lagS.toFixed(2)} s)`,
      "Widen the range, or check the clocks of the two devices.",
    );
  }
  const rival = bestRival(coarse, at);
  if (rival && 1 - rival.explained < RIVAL_FACTOR * (1 - best.explained)) {
    const flipped = Math.sign(rival.coefficients[1]!) !== Math.sign(best.coefficients[1]!);
    return refuse(
      `The motion repeats itself: lags of ${best.lagS.toFixed(2)} s and ${rival.lagS.toFixed(2)} s` +
        `${flipped ? " (with the opposite direction of motion)" : ""} explain the images alike`,
      "Move the probe unevenly: change speed, stroke and pauses.",
    );
  }
  const fit = refine(input, best, least);
  return describe(fit, lagResiduals(input, fit), rival, curve);
}

/** A lag beyond the range that explains much more, if there is one. */
function lagOutside(input: LagInput, best: LagFit, least: number, options: LagOptions): LagFit | undefined {
  let found: LagFit | undefined;
  for (let lagS = options.reachS; lagS <= FARTHEST_S; lagS += FAR_STEP_S) {
    for (const sign of [-1, 1]) {
      const fit = fitLag(input, sign * lagS, least);
      if (fit && fit.explained > (found ?? best).explained) found = fit;
    }
  }
  return found && found.explained >= options.leastExplained ? found : undefined;
}

/** The best local maximum of the curve that is separated from the best lag by a valley. */
function bestRival(coarse: readonly LagFit[], at: number): LagFit | undefined {
  let rival: LagFit | undefined;
  for (let i = 1; i + 1 < coarse.length; i++) {
    const { explained } = coarse[i]!;
    const local = explained >= coarse[i - 1]!.explained && explained >= coarse[i + 1]!.explained;
    if (i !== at && local && !(rival && rival.explained >= explained)) rival = coarse[i]!;
  }
  return rival;
}

/** Gauss-Newton on the lag with the coefficients re-fitted at each step, kept only while it gets better. */
function refine(input: LagInput, start: LagFit, least: number): LagFit {
  let best = start;
  for (let step = COARSE_STEP_S / 2; step > 1e-5; step /= 2) {
    for (const lagS of [best.lagS - step, best.lagS + step]) {
      const fit = fitLag(input, lagS, least);
      if (fit && fit.explained > best.explained) best = fit;
    }
  }
  return best;
}

function describe(
  fit: LagFit,
  left: LagResiduals,
  rival: LagFit | undefined,
  curve: LagCalibration["curve"],
): LagCalibration {
  const n = fit.samples,
    middle = left.timesS.reduce((sum, t) => sum + t, 0) / n;
  // A lag that is too small by δ leaves residuals of −rate · δ. Their part along the other coefficients is taken out.
  const rates = withoutMean(left.rates),
    drifts = withoutMean(left.rates.map((rate, i) => rate * (left.timesS[i]! - middle)));
  const fitted = fit.coefficients.length + 1;
  const half = slopeHalfWidth(rates, left.residuals, fitted);
  const rr = sumOf(rates, rates),
    rd = sumOf(rates, drifts),
    free = drifts.map((d, i) => d - (rd / rr) * rates[i]!);
  const drift = -sumOf(free, left.residuals) / sumOf(free, free),
    driftHalf = slopeHalfWidth(free, left.residuals, fitted);
  return {
    status: "calibrated",
    imageLagS: fit.lagS,
    lowS: fit.lagS - half,
    highS: fit.lagS + half,
    explained: fit.explained,
    rmsPx: Math.sqrt(fit.meanSquare),
    samples: n,
    pxPerMm: fit.coefficients[1]!,
    driftSPerS: drift,
    driftHalfWidthSPerS: driftHalf,
    rivalLagS: rival?.lagS ?? NaN,
    rivalExplained: rival?.explained ?? NaN,
    curve,
    left,
  };
}

/**
 * Half width of the 95 % interval of the slope of residuals on `x`. Neighbours' errors go together, so the products are
 * summed over blocks as long as they do; `fitted` numbers were fitted to the residuals.
 */
function slopeHalfWidth(x: readonly number[], residuals: readonly number[], fitted: number): number {
  const n = x.length,
    scores = x.map((value, i) => Float64Array.of(value * residuals[i]!)),
    length = blockLength(scores, LEAST_BLOCKS);
  let variance = 0,
    blocks = 0;
  for (let from = 0; from < n; from += length, blocks++) {
    let sum = 0;
    for (let i = from; i < Math.min(n, from + length); i++) sum += scores[i]![0]!;
    variance += sum * sum;
  }
  const factor = ((blocks / (blocks - 1)) * (n - 1)) / (n - fitted);
  return (student975(blocks - 1) * Math.sqrt(variance * factor)) / sumOf(x, x);
}

const sumOf = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function withoutMean(values: readonly number[]): number[] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return values.map((x) => x - mean);
}

const span = (timeS: Readonly<Float64Array>): string =>
  `${timeS[0]!.toFixed(2)} to ${timeS[timeS.length - 1]!.toFixed(2)} s`;

/**
 * Translations in their principal axes, main direction first, then turns about the tracker's axes; motions that hardly
 * move are left out. The image is a hand's breadth away from the markers: a turn moves it as well as a translation.
 */
function principalMotion(series: PoseSeries): {
  readonly motionMm: Float64Array;
  readonly motions: number;
  readonly swingMm: number;
} {
  const n = series.timeS.length,
    translations = principalTranslations(series),
    turns = turnsMm(series);
  const spread = (k: number): number => Math.sqrt(turns.reduce((sum, turn) => sum + turn[k]! ** 2, 0) / n);
  const turning = [0, 1, 2].filter((k) => spread(k) > MOVING_MM);
  const motions = translations[0]!.length + turning.length;
  const motionMm = new Float64Array(motions * n);
  for (let i = 0; i < n; i++) motionMm.set([...translations[i]!, ...turning.map((k) => turns[i]![k]!)], motions * i);
  const main = Float64Array.from(translations, ([first]) => first!);
  return { motionMm, motions, swingMm: percentile(main, 0.95) - percentile(main, 0.05) };
}

/** One entry a sample: along every principal direction that moves, at least one. */
function principalTranslations({ poses, timeS }: PoseSeries): number[][] {
  const n = timeS.length,
    mean = [0, 0, 0];
  for (let i = 0; i < n; i++) for (let k = 0; k < 3; k++) mean[k]! += poses[12 * i + 4 * k + 3]! / n;
  const scatter = new Float64Array(9);
  const centred = (i: number, k: number): number => poses[12 * i + 4 * k + 3]! - mean[k]!;
  for (let i = 0; i < n; i++)
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) scatter[3 * a + b]! += (centred(i, a) * centred(i, b)) / n;
  const { values, vectors } = eigen3(scatter);
  const directions = Math.max(1, values.filter((value) => Math.sqrt(Math.max(0, value)) > MOVING_MM).length);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: directions }, (__, d) =>
      vectors[2 - d]!.reduce((sum, axis, k) => sum + axis * centred(i, k), 0),
    ),
  );
}

/** Small turns away from the mean attitude about the axes of the body, as lengths at the lever, centred. */
function turnsMm({ poses, timeS }: PoseSeries): number[][] {
  const n = timeS.length,
    middle = poseAt({ poses }, n >> 1);
  const turns = Array.from({ length: n }, (_, i) => {
    const m = poseAt({ poses }, i);
    // Antisymmetric part of R Rᵀ(middle): the rotation vector of a small turn.
    const entry = (a: number, b: number): number =>
      [0, 1, 2].reduce((sum, k) => sum + m[4 * a + k]! * middle[4 * b + k]!, 0);
    return [entry(2, 1) - entry(1, 2), entry(0, 2) - entry(2, 0), entry(1, 0) - entry(0, 1)].map(
      (twice) => (LEVER_MM / 2) * twice,
    );
  });
  const mean = [0, 1, 2].map((k) => turns.reduce((sum, turn) => sum + turn[k]! / n, 0));
  return turns.map((turn) => turn.map((value, k) => value - mean[k]!));
}
