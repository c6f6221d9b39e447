import type { Rng } from "../../core/rng.ts";
import { deviceSeconds, hostSeconds, type Device, type Sample, type TrackerFrame } from "../../data/device.ts";
import { observeBody, type MarkerBody, type StereoTracker } from "./stereo.ts";

/** Delays and clocks of a tracker as measured on a Motive 2.1 session at 120 Hz (docs/pipeline.md). */
export interface TrackerTiming {
  readonly rateHz: number;
  /** From mid-exposure to arrival, mean and standard deviation, seconds. */
  readonly latencyS: number;
  readonly latencySdS: number;
  /** What the device clock shows when the host clock shows 0. */
  readonly clockOffsetS: number;
  /** Device seconds per host second, minus 1. */
  readonly clockSkew: number;
}

export interface TrackedBody extends MarkerBody {
  /** True pose at a time of the host clock, row-major 3×4, mm. */
  trackerFromTool(hostTimeS: number): Readonly<Float64Array>;
}

/** A simulated optical tracker that reports every body at a fixed rate for `durationS` seconds of host time. */
export function simulatedTracker(
  tracker: StereoTracker,
  bodies: readonly TrackedBody[],
  timing: TrackerTiming,
  durationS: number,
  rng: Rng,
): Device<TrackerFrame> {
  return {
    id: "tracker",
    async open(signal) {
      const noise = bodies.map((body) => rng.fork(`centroids/${body.tool}`));
      const delays = rng.fork("latency");
      let closed = false;
      return {
        nominalRateHz: timing.rateHz,
        async close() {
          closed = true;
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<TrackerFrame>> {
          const count = Math.floor(durationS * timing.rateHz);
          for (let sequence = 0; sequence < count && !closed && !signal.aborted; sequence++) {
            const hostS = sequence / timing.rateHz;
            const delayS = Math.max(0.2 * timing.latencyS, timing.latencyS + timing.latencySdS * delays.normal());
            const tools = bodies.map((body, i) => observeBody(tracker, body, body.trackerFromTool(hostS), noise[i]!));
            yield {
              sequence,
              acquiredAt: deviceSeconds(timing.clockOffsetS + hostS * (1 + timing.clockSkew)),
              receivedAt: hostSeconds(hostS + delayS),
              timeSource: "mid-exposure",
              geometryEpoch: 0,
              value: { tools },
            };
          }
        },
      };
    },
  };
}
