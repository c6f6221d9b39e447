import { interpolate, type Rigid } from "../../core/rigid.ts";

/**
 * Exponential smoothing of one body's pose with the time constant `smoothingS`; at steady speed what comes out lags by
 * exactly that. 0 leaves poses as they are. Starts anew after a gap: what was before it says nothing of what is after.
 */
export function createSmoother(smoothingS: number): {
  next(timeS: number, m: Readonly<Float64Array>): Readonly<Float64Array>;
  reset(): void;
} {
  let last:
    | { readonly timeS: number; readonly pose: Rigid<"tracker", "body">; readonly raw: Rigid<"tracker", "body"> }
    | undefined;
  return {
    next(timeS, m) {
      const raw: Rigid<"tracker", "body"> = { m };
      if (!(smoothingS > 0)) return m;
      if (!last) {
        last = { timeS, pose: raw, raw };
        return m;
      }
      // The share for which a ramp sampled at this period lags by the time constant: dt (1 − a)/a = τ.
      const dt = timeS - last.timeS;
      const pose = interpolate(last.pose, raw, dt / (dt + smoothingS));
      last = { timeS, pose, raw };
      return pose.m;
    },
    reset() {
      last = undefined;
    },
  };
}
