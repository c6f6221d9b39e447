import { percentile } from "../../../core/stats.ts";
import { distance, placeOf, scaled, type Vector3 } from "../vector3.ts";
import { inverse3, times3 } from "../symmetric3.ts";
import type { Dwell } from "../dwells.ts";
import { addSums, pivotSums, type PivotSums } from "./pivot-sums.ts";

/** The tip that makes all stretches stand still best, nearest to the markers where it is free; undefined without rotation. */
export function solveTip(all: readonly PivotSums[]): Vector3 | undefined {
  const { h, g } = addSums(all.map(({ steady }) => steady));
  const inverse = inverse3(h);
  if (!inverse) return undefined;
  return scaled(times3(inverse, [g[0]!, g[1]!, g[2]!]), -1);
}

export interface RobustTip {
  readonly tipMm: Vector3;
  readonly sums: readonly PivotSums[];
  /** Mean places of the dwells. */
  readonly pivotsMm: readonly Vector3[];
  /** Distance of each dwell's samples from its pivot, mm, in order; parallel to `weights`. */
  readonly residualsMm: Float64Array;
  readonly weights: Float64Array;
  /** Mean slope of the biweight's score over its mean weight: what H is too large by (Huber 1981, section 7.6). */
  readonly slopeShare: number;
}

/** Tukey's constant for 95 % efficiency on the length of a normal error in 3D, in standard deviations of one axis. */
const TUKEY_3D = 5.49;
/** The median of the length of a 3D normal vector is 1.538 standard deviations of one coordinate. */
const MEDIAN_CHI3 = 1.538;
/** No tracker is better than this; keeps the scale above zero on exact data, mm. */
const LEAST_SCALE_MM = 1e-6;
const ROUNDS = 20;

/** Joint tip over dwells, one pivot each, by iteratively re-weighted least squares with Tukey's biweight. */
export function solveTipRobustly(poses: Readonly<Float64Array>, dwells: readonly Dwell[]): RobustTip | undefined {
  const weights = new Float64Array(poses.length / 12).fill(1);
  let sums = dwells.map(({ from, end }) => pivotSums(poses, from, end, weights));
  let tipMm = solveTip(sums);
  for (let round = 0; round < ROUNDS && tipMm; round++) {
    const tip: Vector3 = tipMm;
    const residuals = residualsOf(poses, dwells, sums, tip);
    const scale = Math.max(LEAST_SCALE_MM, percentile(residuals, 0.5) / MEDIAN_CHI3);
    let at = 0;
    for (const { from, end } of dwells) {
      for (let i = from; i < end; i++) weights[i] = biweight(residuals[at++]! / (scale * TUKEY_3D));
    }
    sums = dwells.map(({ from, end }) => pivotSums(poses, from, end, weights));
    const next = solveTip(sums);
    if (!next) return undefined;
    const moved = distance(next, tip);
    tipMm = next;
    if (moved < 1e-9) break;
  }
  if (!tipMm) return undefined;
  const used = Float64Array.from(dwells.flatMap(({ from, end }) => Array.from(weights.subarray(from, end))));
  const residualsMm = residualsOf(poses, dwells, sums, tipMm);
  return {
    tipMm,
    sums,
    pivotsMm: sums.map(({ mean }) => placeOf(mean, 0, tipMm)),
    residualsMm,
    weights: used,
    slopeShare: slopeShare(residualsMm),
  };
}

/** The score w(r) r of a vector changes by w + r w′ / 3 on average over directions. */
function slopeShare(residuals: Readonly<Float64Array>): number {
  const limit = Math.max(LEAST_SCALE_MM, percentile(residuals, 0.5) / MEDIAN_CHI3) * TUKEY_3D;
  let slope = 0,
    weight = 0;
  for (const r of residuals) {
    const u2 = (r / limit) ** 2;
    if (u2 >= 1) continue;
    weight += (1 - u2) ** 2;
    slope += (1 - u2) ** 2 - (4 / 3) * u2 * (1 - u2);
  }
  return Math.min(1, Math.max(0.2, slope / weight));
}

const biweight = (u: number): number => (Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0);

function residualsOf(
  poses: Readonly<Float64Array>,
  dwells: readonly Dwell[],
  sums: readonly PivotSums[],
  tip: Vector3,
): Float64Array {
  const all: number[] = [];
  dwells.forEach(({ from, end }, k) => {
    const pivot = placeOf(sums[k]!.mean, 0, tip);
    for (let i = from; i < end; i++) all.push(distance(placeOf(poses, i, tip), pivot));
  });
  return Float64Array.from(all);
}
