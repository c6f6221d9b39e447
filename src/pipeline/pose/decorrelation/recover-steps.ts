import type { DecorrelationCurves } from "./curves.ts";
import { curvesOf, fitElevation, type ElevationMotion } from "./fit-elevation.ts";
import { fitInPlane, type InPlaneMotion } from "./fit-in-plane.ts";
import { LAGS, type SweepObservation } from "./observe-sweep.ts";
import { chooseSigns, distancesAt, type LagDistances } from "./signs.ts";
import { withoutFeignedTurn } from "./steady-turn.ts";
import { solveWindows, type WindowSum } from "./window-sums.ts";

/** Motion from each frame to the one before, parallel arrays; entry 0 is 0. mm and rad in the earlier image's frame. */
export interface Steps {
  readonly txMm: Float64Array;
  readonly tyMm: Float64Array;
  readonly tzMm: Float64Array;
  readonly rxRad: Float64Array;
  readonly ryRad: Float64Array;
  readonly rzRad: Float64Array;
  /** Standard deviation of each step out of the plane, mm, and of its misfit to the curves. */
  readonly tzSdMm: Float64Array;
  readonly misfit: Float64Array;
  /** Logarithm of the distance by longer lags over that of the same steps added up: 0 where the curves hold. */
  readonly lagDisagreement: number;
  /** Middle of the patches that were found, mm of the image frame. */
  readonly middleMm: readonly [number, number];
}

/** Each lag's share of independent error of its sum, so that long lags do not outvote short ones. */
const RELATIVE_SD = 0.1,
  IN_PLANE_SD_MM = 0.03,
  TURN_SD_RAD = 0.002;

/** From what the patches saw to steps on which all lags agree. Without curves nothing is said of the elevation. */
export function recoverSteps(observation: SweepObservation, curves: DecorrelationCurves | undefined): Steps {
  const { count, grid, pairs, frames } = observation;
  const inPlane = LAGS.map((lag) => pairs.get(lag)!.map((pair) => pair && fitInPlane(pair, grid)));
  const elevation = LAGS.map((lag) => {
    const rows = curves ? curvesOf(curves, grid, lag) : [];
    return pairs
      .get(lag)!
      .map((pair, i) => (pair && curves ? fitElevation(pair, frames[i - lag]!, grid, curves, rows, lag) : undefined));
  });
  const patches = middleOf(observation),
    signed = signLags(elevation, patches);
  const solve = <M>(of: readonly (readonly (M | undefined)[])[], value: (m: M) => number, sd: (m: M) => number) =>
    solveWindows(count, windows(of, value, sd));
  const plane = (value: (m: InPlaneMotion) => number, k: 0 | 1 | 2, floor: number): Float64Array =>
    solve(inPlane, value, (m) => Math.hypot(m.sd[k], floor));
  const out = (value: (m: ElevationMotion) => number, k: 0 | 1 | 2, floor: number): Float64Array =>
    solve(signed, value, (m) => Math.hypot(m.sd[k], RELATIVE_SD * Math.abs(value(m)) * saturation(m), floor));
  const tz = out((m) => m.tzMm, 0, 0.01),
    fanSeen = out((m) => m.fanRad, 1, TURN_SD_RAD),
    swingSeen = out((m) => m.swingRad, 2, TURN_SD_RAD);
  const [xMm, yMm] = patches.middleMm;
  const way = tz.map((d, i) => d + fanSeen[i]! * yMm + swingSeen[i]! * xMm);
  const fan = withoutFeignedTurn(fanSeen, way),
    swing = withoutFeignedTurn(swingSeen, way);
  const single = elevation[0]!;
  return {
    txMm: plane((m) => m.txMm, 0, IN_PLANE_SD_MM),
    tyMm: plane((m) => m.tyMm, 1, IN_PLANE_SD_MM),
    rzRad: plane((m) => m.rollRad, 2, TURN_SD_RAD),
    tzMm: way.map((d, i) => d - fan[i]! * yMm - swing[i]! * xMm),
    rxRad: fan,
    ryRad: swing.map((value) => -value),
    tzSdMm: Float64Array.from(single, (m) => m?.sd[0] ?? 0),
    misfit: Float64Array.from(single, (m) => m?.misfit ?? 1),
    lagDisagreement: disagreementOfLags(signed, [xMm, yMm]),
    middleMm: [xMm, yMm],
  };
}

/** Longer ways read too short on any curve. */
const LONGEST_COMPARED_MM = 1.2;
/** Fewer windows say nothing. */
const LEAST_WINDOWS = 5;

/**
 * The curves have a table a lag, made on one probe and its tissue, so that all lags give one length there. Where speckle
 * lasts longer or shorter than they say, or structure outlasts it, each lag errs by another factor: how far they lie apart
 * says how wrong the scale may be, which no single lag can tell.
 */
function disagreementOfLags(
  [single = [], ...longer]: readonly (readonly (ElevationMotion | undefined)[])[],
  [x, y]: readonly [number, number],
): number {
  const at = (m: ElevationMotion | undefined): number => (m ? m.tzMm + m.fanRad * y + m.swingRad * x : NaN);
  const squares = longer.flatMap((motions, k) => {
    const lag = LAGS[k + 1]!;
    let over = 0,
      added = 0,
      windows = 0;
    motions.forEach((motion, i) => {
      if (i < lag) return;
      let sum = 0;
      for (let back = 0; back < lag; back++) sum += at(single[i - back]);
      const way = at(motion);
      if (!Number.isFinite(sum + way) || Math.abs(sum) > LONGEST_COMPARED_MM) return;
      over += Math.abs(way);
      added += Math.abs(sum);
      windows++;
    });
    return windows >= LEAST_WINDOWS && over > 0 && added > 0 ? [Math.log(over / added) ** 2] : [];
  });
  return squares.length > 0 ? Math.sqrt(Math.max(...squares)) : 0;
}

/** Beyond a millimetre little speckle is left to compare, and what is left is coherent: such lags count for less. */
const saturation = ({ tzMm, fanRad }: ElevationMotion): number => 1 + (tzMm + MIDDLE_MM * fanRad) ** 2;
const MIDDLE_MM = 20;

/** Mean place of the patches that were found, mm, and their standard deviation about it. */
function middleOf({ pairs, grid }: SweepObservation): { middleMm: [number, number]; spreadMm: [number, number] } {
  let n = 0, x = 0, y = 0, xx = 0, yy = 0; // prettier-ignore
  for (const pair of pairs.get(1)!) {
    pair?.found.forEach((found, i) => {
      n += found;
      x += found * grid.xMm[i]!;
      y += found * grid.yMm[i]!;
      xx += found * grid.xMm[i]! ** 2;
      yy += found * grid.yMm[i]! ** 2;
    });
  }
  if (n === 0) return { middleMm: [0, 0], spreadMm: [0, 0] };
  const spread = (sum: number, squares: number): number => Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  return { middleMm: [x / n, y / n], spreadMm: [spread(x, xx), spread(y, yy)] };
}

/** Signs are judged about the middle of the patches, where distances are known best, as a share of their spread. */
const JUDGED_AT = [-0.5, 0, 0.5];

/** Gives every lag's motion the sign of the steps that it spans. */
function signLags(
  elevation: readonly (readonly (ElevationMotion | undefined)[])[],
  { middleMm: [x, y], spreadMm: [sx, sy] }: ReturnType<typeof middleOf>,
): (ElevationMotion | undefined)[][] {
  const points = JUDGED_AT.flatMap((a) => JUDGED_AT.map((b): [number, number] => [x + a * sx, y + b * sy]));
  const at = LAGS.map((lag, k): LagDistances => ({
    lag,
    atPoints: elevation[k]!.map((motion) => motion && distancesAt(motion, points)),
  }));
  const signs = chooseSigns(at[0]!, at.slice(1));
  return elevation.map((motions, k) =>
    motions.map((motion, i) => {
      if (!motion) return undefined;
      let agreement = 0;
      for (let back = 0; back < LAGS[k]!; back++) {
        const step = at[0]!.atPoints[i - back];
        step?.forEach((d, point) => (agreement += signs[i - back]! * d * at[k]!.atPoints[i]![point]!));
      }
      return agreement < 0 ? mirrored(motion) : motion;
    }),
  );
}

const mirrored = (motion: ElevationMotion): ElevationMotion => ({
  ...motion,
  tzMm: -motion.tzMm,
  fanRad: -motion.fanRad,
  swingRad: -motion.swingRad,
});

function windows<M>(
  of: readonly (readonly (M | undefined)[])[],
  value: (m: M) => number,
  sd: (m: M) => number,
): WindowSum[] {
  return of.flatMap((motions, k) =>
    motions.flatMap((motion, i) =>
      motion ? [{ from: i - LAGS[k]!, to: i, value: value(motion), weight: sd(motion) ** -2 }] : [],
    ),
  );
}
