import { orientationSpread } from "../orientation-spread.ts";
import type { PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { eigen3 } from "../symmetric3.ts";
import { dot, scaled, type Vector3 } from "../vector3.ts";
import { pivotSums } from "./pivot-sums.ts";

export interface SpinCalibration {
  readonly status: "calibrated";
  /** Unit direction of the shaft in the stylus's frame, from the tip towards the markers. */
  readonly shaft: Vector3;
  /** Wobble of the axis while spinning, rad (rms). */
  readonly wobbleRad: number;
  readonly spreadRad: number;
}

/** The shaft must wobble this much less than the stylus spins. */
const LARGEST_WOBBLE_SHARE = 0.35;
const LEAST_SPIN_RAD = (15 * Math.PI) / 180;

/** Direction of the axis that a stylus was spun about. `tipMm` (or the markers' origin) decides which end is up. */
export function calibrateSpin(series: PoseSeries, tipMm: Vector3 | undefined): SpinCalibration | Refused {
  const count = series.timeS.length;
  const spreadRad = orientationSpread(series);
  if (count < 10 || spreadRad < LEAST_SPIN_RAD) {
    const problem = `The stylus was spun by ${((spreadRad * 180) / Math.PI).toFixed(1)}° only, at least 15° are needed`;
    return refuse(problem, "Spin the stylus about its shaft for some seconds.");
  }
  const { h } = pivotSums(series.poses, 0, count);
  const { values, vectors } = eigen3(h);
  const share = Math.sqrt(Math.max(0, values[0]) / values[1]);
  if (share > LARGEST_WOBBLE_SHARE) {
    const problem = `The stylus was leaned as well as spun: no one axis stays (${(100 * share).toFixed(0)} % wobble)`;
    return refuse(problem, "Spin the stylus about its shaft without leaning it.");
  }
  const towardsMarkers = tipMm ? scaled(tipMm, -1) : ([0, 0, 1] as const);
  const sign = dot(vectors[0]!, towardsMarkers) < 0 ? -1 : 1;
  return {
    status: "calibrated",
    shaft: scaled(vectors[0]!, sign),
    wobbleRad: Math.sqrt(Math.max(0, values[0]) / (2 * count)),
    spreadRad,
  };
}
