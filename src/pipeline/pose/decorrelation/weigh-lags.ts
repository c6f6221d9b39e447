import type { ElevationMotion } from "./fit-elevation.ts";
import { LAGS } from "./observe-sweep.ts";
import type { WindowSum } from "./window-sums.ts";

/** Where the patches of a sweep lie: their mean and standard deviation along x and y, mm. */
export interface PatchSpread {
  readonly middleMm: readonly [number, number];
  readonly spreadMm: readonly [number, number];
}

/** What all lags measured of the way of the patches' middle, mm, and of the two turns, rad. */
export interface ElevationWindows {
  readonly way: readonly WindowSum[];
  readonly fan: readonly WindowSum[];
  readonly swing: readonly WindowSum[];
}

/** Each lag's share of independent error of its sum, so that long lags do not outvote short ones. */
const RELATIVE_SD = 0.1,
  WAY_SD_MM = 0.01,
  TURN_SD_RAD = 0.002;

/**
 * Windows of all lags with what each is worth. Beyond a millimetre little speckle is left to compare, and what is left is
 * coherent: all patches then read about one distance, so the way is too short and no turn is left. Such a window errs by as
 * much of its way, and its turns by that over the spread of the patches, however small its own turn reads. How long a way
 * was is told by the steps within the window, since a saturated lag does not know it. `signed`: per lag, entry i from frame
 * i − lag to i.
 */
export function weighLags(
  signed: readonly (readonly (ElevationMotion | undefined)[])[],
  { middleMm: [x, y], spreadMm: [sx, sy] }: PatchSpread,
): ElevationWindows {
  const reachOf = (way: number, fan: number, swing: number): number => Math.hypot(way, fan * sy, swing * sx);
  const wayOf = ({ tzMm, fanRad, swingRad }: ElevationMotion): number => tzMm + fanRad * y + swingRad * x;
  const windows = signed.flatMap((motions, k) =>
    motions.flatMap((motion, to) => {
      if (!motion) return [];
      const from = to - LAGS[k]!,
        way = wayOf(motion),
        within = signed[0]!.slice(from + 1, to + 1).filter((step) => step !== undefined),
        sum = (of: (m: ElevationMotion) => number): number => within.reduce((total, step) => total + of(step), 0);
      const reach = Math.max(
        reachOf(way, motion.fanRad, motion.swingRad),
        reachOf(sum(wayOf), sum((m) => m.fanRad), sum((m) => m.swingRad)), // prettier-ignore
      );
      const lost = reach ** 2;
      const of = (value: number, sd: number, spread: number, least: number): WindowSum => {
        const own = RELATIVE_SD * Math.abs(value) * (1 + lost),
          unread = (RELATIVE_SD * reach * lost) / spread;
        return { from, to, value, weight: Math.hypot(sd, own, unread, least) ** -2 };
      };
      return [
        {
          way: of(way, motion.middleSdMm, 1, WAY_SD_MM),
          fan: of(motion.fanRad, motion.sd[1], Math.max(1, sy), TURN_SD_RAD),
          swing: of(motion.swingRad, motion.sd[2], Math.max(1, sx), TURN_SD_RAD),
        },
      ];
    }),
  );
  return {
    way: windows.map((window) => window.way),
    fan: windows.map((window) => window.fan),
    swing: windows.map((window) => window.swing),
  };
}
