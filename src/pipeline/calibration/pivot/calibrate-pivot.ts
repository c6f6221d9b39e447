import { blockLength } from "../correlated-blocks.ts";
import { defaultDwells, findDwells, type Dwell } from "../dwells.ts";
import { orientationSpread } from "../orientation-spread.ts";
import type { PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { student975 } from "../student.ts";
import { eigen3, inverse3 } from "../symmetric3.ts";
import { distance, placeOf, subtract, type Vector3 } from "../vector3.ts";
import { addSums, meanSquare, pivotSums, type PivotSums } from "./pivot-sums.ts";
import { solveTip, solveTipRobustly, type RobustTip } from "./solve-tip.ts";

export interface PivotOptions {
  /** Orientations must differ by this much, as in PLUS (15°), rad. */
  readonly leastSpreadRad: number;
  /**
   * The stylus must have leaned this much (rms) as seen from every direction, rad: where it has not, the tip slides
   * along the shaft. On the public landmark recording 2 s in one divot reach 8.5° and are wrong by up to 1.5 mm.
   */
  readonly leastTurnRad: number;
  /** A wider 95 % interval of the tip is refused, mm (half width). */
  readonly widestIntervalMm: number;
  /** A larger residual means that the tip did not stay in its divot, mm. */
  readonly largestRmsMm: number;
  readonly leastSamples: number;
}

export const defaultPivot: PivotOptions = {
  leastSpreadRad: (15 * Math.PI) / 180,
  leastTurnRad: (10 * Math.PI) / 180,
  widestIntervalMm: 2,
  largestRmsMm: 2,
  leastSamples: 30,
};

export interface PivotCalibration {
  readonly status: "calibrated";
  /** In the stylus's own frame, mm. */
  readonly tipMm: Vector3;
  /** 9 numbers, mm². Holds for correlated errors: see docs/calibration.md. */
  readonly tipCovarianceMm2: Float64Array;
  /** Half widths of the 95 % interval of each coordinate, mm. */
  readonly halfWidthMm: Vector3;
  /** Where the tip stood, in the body's frame: one for each divot or stop. */
  readonly pivotsMm: readonly Vector3[];
  readonly dwells: readonly Dwell[];
  /** Distances from the pivots over the samples that were not outliers, mm. */
  readonly rmsMm: number;
  readonly meanMm: number;
  readonly samples: number;
  readonly outliers: number;
  readonly spreadRad: number;
  /** √(smallest eigenvalue of the tip's normal matrix a sample): the rms lean, as seen from the worst direction, rad. */
  readonly leastTurnRad: number;
  /** √(largest / smallest eigenvalue) of the tip's normal matrix: 1 = equally well known in every direction. */
  readonly condition: number;
}

/** Stretches in which the tip's place is looked for before the tip is known, s. */
const WINDOW_S = 1;
const STEP_S = 0.25;
/** Residual of a stretch with a standing tip: well above a tracker's noise, well below any free motion, mm. */
const STANDING_RMS_MM = 1;
/** A stop in which the stylus was not turned at all says nothing about its tip, rad (standard deviation). */
const TURNED_RAD = 0.02;
const BEST_WINDOWS = 24;

/**
 * Tip of a stylus that was turned about one or more divots, whatever else it did in between. `series`: poses of the
 * stylus in the body that holds the divots. Every stop has its own pivot; the tip is common to all.
 */
export function calibratePivot(series: PoseSeries, options: PivotOptions = defaultPivot): PivotCalibration | Refused {
  const { timeS, poses } = series;
  if (timeS.length < options.leastSamples) {
    const remedy = "Record 10 s or more with the stylus in view.";
    return refuse(`${timeS.length} poses of the stylus are too few (at least ${options.leastSamples})`, remedy);
  }
  const spreadRad = orientationSpread(series);
  if (spreadRad < options.leastSpreadRad) {
    const problem = `The stylus was turned by ${degrees(spreadRad)} only, at least ${degrees(options.leastSpreadRad)} are needed`;
    return refuse(problem, "Keep the tip in a divot and lean the stylus to all sides.");
  }
  let tip = consensusTip(series);
  if (!tip) {
    const problem = "No point of the stylus stays in one place: the tip was never held in a divot while turning";
    return refuse(problem, "Keep the tip in a divot and lean the stylus to all sides.");
  }
  let fit: RobustTip | undefined, dwells: Dwell[] = []; // prettier-ignore
  for (let round = 0; round < 5; round++) {
    dwells = turnedDwells(series, tip);
    fit = dwells.length > 0 ? solveTipRobustly(poses, dwells) : undefined;
    if (!fit) break;
    const moved = distance(fit.tipMm, tip);
    tip = fit.tipMm;
    if (moved < 1e-6) break;
  }
  if (!fit) {
    const problem = `The stylus never stood in one place for ${defaultDwells.leastS} s while it was turned`;
    return refuse(problem, "Keep the tip in a divot and lean the stylus to all sides.");
  }
  return judge(series, { fit, dwells, spreadRad }, options);
}

/** Turned stops at this tip. */
function turnedDwells(series: PoseSeries, tip: Vector3): Dwell[] {
  return findDwells(series, tip, defaultDwells).filter(({ from, end }) => {
    const { h, weight } = pivotSums(series.poses, from, end);
    return Math.sqrt((h[0]! + h[4]! + h[8]!) / (2 * weight)) > TURNED_RAD;
  });
}

/** The tip that most one-second stretches agree on, out of those that two stretches together determine. */
function consensusTip({ timeS, poses }: PoseSeries): Vector3 | undefined {
  const windows: PivotSums[] = [];
  let end = 0,
    nextS = -Infinity;
  for (let from = 0; from < timeS.length; from++) {
    if (timeS[from]! < nextS) continue;
    nextS = timeS[from]! + STEP_S;
    end = Math.max(end, from);
    while (end < timeS.length && timeS[end]! < timeS[from]! + WINDOW_S) end++;
    if (end - from < 4) continue;
    const sums = pivotSums(poses, from, end);
    if (Math.sqrt((sums.h[0]! + sums.h[4]! + sums.h[8]!) / (2 * sums.weight)) < TURNED_RAD) continue;
    const own = solveTip([sums]);
    if (!own || Math.sqrt(meanSquare(sums, own)) < STANDING_RMS_MM) windows.push(sums);
    if (end === timeS.length) break;
  }
  const turned = (sums: PivotSums): number => eigen3(sums.h).values[1];
  const best = [...windows].sort((a, b) => turned(b) - turned(a)).slice(0, BEST_WINDOWS);
  let tip: Vector3 | undefined,
    most = 0;
  for (let a = 0; a < best.length; a++) {
    for (let b = a; b < best.length; b++) {
      const candidate = solveTip(a === b ? [best[a]!] : [best[a]!, best[b]!]);
      if (!candidate) continue;
      let score = 0;
      for (const sums of windows) score += Math.max(0, 1 - meanSquare(sums, candidate) / STANDING_RMS_MM ** 2);
      if (score > most) {
        most = score;
        tip = candidate;
      }
    }
  }
  return tip;
}

function judge(
  { timeS, poses }: PoseSeries,
  { fit, dwells, spreadRad }: { fit: RobustTip; dwells: readonly Dwell[]; spreadRad: number },
  options: PivotOptions,
): PivotCalibration | Refused {
  const { h, weight } = addSums(fit.sums);
  const { values, vectors } = eigen3(h);
  const leastTurnRad = Math.sqrt(Math.max(0, values[0]) / weight);
  const kept = fit.weights.map((w) => (w > 0 ? 1 : 0));
  const samples = kept.reduce((n, k) => n + k, 0);
  const meanMm = fit.residualsMm.reduce((sum, r, i) => sum + kept[i]! * r, 0) / samples;
  const rmsMm = Math.sqrt(fit.residualsMm.reduce((sum, r, i) => sum + kept[i]! * r * r, 0) / samples);
  const turnedS = dwells.reduce((sum, { from, end }) => sum + timeS[end - 1]! - timeS[from]!, 0);
  if (leastTurnRad < options.leastTurnRad) {
    const axis = vectors[0]!.map((x) => x.toFixed(2)).join(", ");
    return refuse(
      `In ${turnedS.toFixed(1)} s with the tip at rest the stylus was turned too little or about one ` +
        `axis only: along (${axis}) of its frame the tip is undetermined (it leaned by ${degrees(leastTurnRad)} rms, ` +
        `at least ` +
        `${degrees(options.leastTurnRad)} are needed)`,
      "Lean the stylus to all sides, by 30° or more, or record more than one divot.",
    );
  }
  const { matrix: tipCovarianceMm2, blocks } = covariance(poses, fit, dwells);
  const half = (k: number): number => student975(blocks - 3) * Math.sqrt(tipCovarianceMm2[k]!);
  const halfWidthMm: Vector3 = [half(0), half(4), half(8)];
  if (rmsMm > options.largestRmsMm) {
    const problem = `The tip moves by ${rmsMm.toFixed(2)} mm rms while it should rest`;
    return refuse(problem, "Use a deeper divot, hold the stylus in it firmly, and check that no marker is loose.");
  }
  if (Math.max(...halfWidthMm) > options.widestIntervalMm) {
    return refuse(
      `${turnedS.toFixed(1)} s of turning leave the tip uncertain by ± ${Math.max(...halfWidthMm).toFixed(1)} mm ` +
        `(at most ± ${options.widestIntervalMm} mm)`,
      "Record longer, lean the stylus further, or use more than one divot.",
    );
  }
  return {
    status: "calibrated",
    tipMm: fit.tipMm,
    tipCovarianceMm2,
    halfWidthMm,
    pivotsMm: fit.pivotsMm,
    dwells,
    rmsMm,
    meanMm,
    samples,
    outliers: fit.weights.length - samples,
    spreadRad,
    leastTurnRad,
    condition: Math.sqrt(values[2] / values[0]),
  };
}

interface TipCovariance {
  readonly matrix: Float64Array;
  readonly blocks: number;
}

const LEAST_BLOCKS = 6;

/**
 * Of the tip. Neighbouring errors go together (the tip leans on one wall of the divot, the tracker's error depends on
 * the pose), so the sandwich H⁻¹ (Σ s sᵀ) H⁻¹ sums its scores s over blocks as long as they do; no block reaches from
 * one stop into the next, and there are no fewer than six.
 */
function covariance(poses: Readonly<Float64Array>, fit: RobustTip, dwells: readonly Dwell[]): TipCovariance {
  const inverse = inverse3(addSums(fit.sums).h) ?? new Float64Array(9).fill(Infinity);
  const scores = dwells.map(({ from, end }, k) => stopScores(poses, fit, { from, end }, k, offsetOf(dwells, k)));
  const length = blockLength(scores.flat(), LEAST_BLOCKS);
  const middle = new Float64Array(9);
  let blocks = 0;
  for (const stop of scores) {
    const parts = Math.max(Math.ceil(LEAST_BLOCKS / dwells.length), Math.round(stop.length / length));
    for (let part = 0; part < parts; part++, blocks++) {
      const score = [0, 0, 0];
      for (let i = Math.floor((stop.length * part) / parts); i < Math.floor((stop.length * (part + 1)) / parts); i++)
        for (let a = 0; a < 3; a++) score[a]! += stop[i]![a]!;
      for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) middle[3 * a + b]! += score[a]! * score[b]!;
    }
  }
  // Small-sample factor of cluster-robust variances; 3 numbers are fitted.
  const factor = blocks / Math.max(1, blocks - 3) / fit.slopeShare ** 2;
  return { matrix: multiply(multiply(inverse, middle), inverse).map((x) => x * factor), blocks };
}

const offsetOf = (dwells: readonly Dwell[], k: number): number =>
  dwells.slice(0, k).reduce((sum, { from, end }) => sum + end - from, 0);

/** What each sample of a stop pulls the tip by, before H⁻¹: w (R − R̄)ᵀ r. `offset`: its first one's index in the fit. */
function stopScores(
  poses: Readonly<Float64Array>,
  fit: RobustTip,
  { from, end }: Pick<Dwell, "from" | "end">,
  k: number,
  offset: number,
): Float64Array[] {
  const { mean } = fit.sums[k]!;
  const pivot = placeOf(mean, 0, fit.tipMm);
  return Array.from({ length: end - from }, (_, j) => {
    const i = from + j,
      w = fit.weights[offset + j]!,
      r = subtract(placeOf(poses, i, fit.tipMm), pivot),
      score = new Float64Array(3);
    for (let row = 0; row < 3; row++)
      for (let a = 0; a < 3; a++) score[a]! += w * (poses[12 * i + 4 * row + a]! - mean[4 * row + a]!) * r[row]!;
    return score;
  });
}

function multiply(p: Readonly<Float64Array>, q: Readonly<Float64Array>): Float64Array {
  const out = new Float64Array(9);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) out[3 * i + j]! += p[3 * i + k]! * q[3 * k + j]!;
  return out;
}

const degrees = (rad: number): string => `${((rad * 180) / Math.PI).toFixed(1)}°`;
