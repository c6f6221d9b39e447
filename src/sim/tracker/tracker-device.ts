import type { Rng } from "../../core/rng.ts";
import {
  deviceSeconds,
  hostSeconds,
  type ClockReading,
  type Device,
  type Sample,
  type TrackerFrame,
} from "../../data/device.ts";
import { freeSight, type LineOfSight } from "./line-of-sight.ts";
import type { MarkerBody } from "./marker-body.ts";
import { startTracker, type TrackerSpec } from "./tracker.ts";

/** Delays and clocks of a tracker as measured on a Motive 2.1 session at 120 Hz (docs/tracker.md). */
export interface TrackerTiming {
  readonly rateHz: number;
  /** From mid-exposure to arrival, mean and standard deviation of what is left when no packet is held up, seconds. */
  readonly latencyS: number;
  readonly latencySdS: number;
  /** Share of packets that the host gets late, and by how much on average (exponential), seconds; 0 when not given. */
  readonly lateShare?: number;
  readonly lateS?: number;
  /** Of the exchanges by which a host asks the tracker's clock (NatNet's echo); absent when it cannot be asked. */
  readonly echo?: EchoTiming;
  /** What the device clock shows when the host clock shows 0. */
  readonly clockOffsetS: number;
  /** Device seconds per host second, minus 1. */
  readonly clockSkew: number;
}

export interface EchoTiming {
  readonly everyS: number;
  /** Each way at least, and by how much more on average (exponential), seconds. */
  readonly oneWayS: number;
  readonly queueS: number;
}

export interface TrackedBody extends MarkerBody {
  /** True pose at a time of the host clock, row-major 3×4, mm. */
  trackerFromTool(hostTimeS: number): Readonly<Float64Array>;
}

/** Packets of one sender stay in order on their way. */
const LEAST_APART_S = 1e-5;

/** A simulated tracker that reports every body at a fixed rate for `durationS` seconds of host time. */
export function simulatedTracker(
  tracker: TrackerSpec,
  bodies: readonly TrackedBody[],
  timing: TrackerTiming,
  durationS: number,
  rng: Rng,
  sight: LineOfSight = freeSight,
): Device<TrackerFrame> {
  return {
    id: "tracker",
    async open(signal) {
      const run = startTracker(tracker, bodies, sight, rng);
      const delays = rng.fork("latency"),
        late = rng.fork("late"),
        readClock = echoes(timing, rng.fork("echo"));
      let closed = false;
      return {
        nominalRateHz: timing.rateHz,
        async close() {
          closed = true;
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<TrackerFrame>> {
          const count = Math.floor(durationS * timing.rateHz);
          let arrivedS = -Infinity;
          for (let sequence = 0; sequence < count && !closed && !signal.aborted; sequence++) {
            const hostS = sequence / timing.rateHz;
            const usual = Math.max(0.2 * timing.latencyS, timing.latencyS + timing.latencySdS * delays.normal());
            const [held, byS] = [late.uniform(), -Math.log(1 - late.uniform())];
            const delayS = usual + (held < (timing.lateShare ?? 0) ? (timing.lateS ?? 0) * byS : 0);
            arrivedS = Math.max(arrivedS + LEAST_APART_S, hostS + delayS);
            yield {
              sequence,
              acquiredAt: deviceSeconds(timing.clockOffsetS + hostS * (1 + timing.clockSkew)),
              receivedAt: hostSeconds(arrivedS),
              timeSource: "mid-exposure",
              geometryEpoch: 0,
              ...readClock(arrivedS),
              value: {
                tools: run.observe(
                  hostS,
                  bodies.map((body) => body.trackerFromTool(hostS)),
                ),
              },
            };
          }
        },
      };
    },
  };
}

/** What the host has learnt of the tracker's clock until it is `untilS`, if anything since it was asked last. */
function echoes(
  { echo, clockOffsetS, clockSkew }: TrackerTiming,
  rng: Rng,
): (untilS: number) => { readonly clockReading?: ClockReading } {
  if (!echo) return () => ({});
  const { everyS, oneWayS, queueS } = echo;
  let sentS = 0;
  return (untilS) => {
    if (untilS < sentS) return {};
    const there = oneWayS - queueS * Math.log(1 - rng.uniform()),
      back = oneWayS - queueS * Math.log(1 - rng.uniform());
    const readS = sentS + there;
    const clockReading: ClockReading = {
      deviceS: deviceSeconds(clockOffsetS + readS * (1 + clockSkew)),
      hostS: hostSeconds(sentS + (there + back) / 2),
      uncertaintyS: (there + back) / 2,
    };
    sentS += everyS;
    return { clockReading };
  };
}
