import type { DecorrelationCurves } from "./curves.ts";
import { curvesOf, fitElevation, type ElevationMotion } from "./fit-elevation.ts";
import { fitInPlane, type InPlaneMotion } from "./fit-in-plane.ts";
import { LAGS, type SweepObservation } from "./observe-sweep.ts";
import { chooseSigns, distancesAt, type LagDistances } from "./signs.ts";
import { withoutFeignedTurn } from "./steady-turn.ts";
import { weighLags, type PatchSpread } from "./weigh-lags.ts";
import { solveWindows } from "./window-sums.ts";

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
  /**
   * Standard deviation of the scale by what the curves were wrong between patches: the turn that they feigned a mm of way
   * times the spread of the patches. Curves that err so much from depth to depth may err as much at all depths.
   */
  readonly feignedScaleSd: number;
  /** Middle of the patches that were found, mm of the image frame. */
  readonly middleMm: readonly [number, number];
}

/** What one match of whole pictures is worth at best. */
const IN_PLANE_SD_MM = 0.03,
  ROLL_SD_RAD = 0.002;

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
  const plane = (value: (m: InPlaneMotion) => number, k: 0 | 1 | 2, floor: number): Float64Array =>
    solveWindows(
      count,
      inPlane.flatMap((motions, lag) =>
        motions.flatMap((motion, to) =>
          motion
            ? [{ from: to - LAGS[lag]!, to, value: value(motion), weight: Math.hypot(motion.sd[k], floor) ** -2 }]
            : [],
        ),
      ),
    );
  const windows = weighLags(signed, patches),
    way = solveWindows(count, windows.way),
    fanSeen = solveWindows(count, windows.fan),
    swingSeen = solveWindows(count, windows.swing);
  const [xMm, yMm] = patches.middleMm;
  const fan = withoutFeignedTurn(fanSeen, way),
    swing = withoutFeignedTurn(swingSeen, way);
  const single = elevation[0]!;
  return {
    txMm: plane((m) => m.txMm, 0, IN_PLANE_SD_MM),
    tyMm: plane((m) => m.tyMm, 1, IN_PLANE_SD_MM),
    rzRad: plane((m) => m.rollRad, 2, ROLL_SD_RAD),
    tzMm: way.map((d, i) => d - fan.turn[i]! * yMm - swing.turn[i]! * xMm),
    rxRad: fan.turn,
    ryRad: swing.turn.map((value) => -value),
    tzSdMm: Float64Array.from(single, (m) => m?.sd[0] ?? 0),
    misfit: Float64Array.from(single, (m) => m?.misfit ?? 1),
    lagDisagreement: disagreementOfLags(signed, [xMm, yMm]),
    feignedScaleSd: Math.hypot(fan.takenPerMm * patches.spreadMm[1], swing.takenPerMm * patches.spreadMm[0]),
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

/** Mean place of the patches that were found, mm, and their standard deviation about it. */
function middleOf({ pairs, grid }: SweepObservation): PatchSpread {
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
  { middleMm: [x, y], spreadMm: [sx, sy] }: PatchSpread,
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
