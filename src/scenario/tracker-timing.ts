import type { EchoTiming, TrackerTiming } from "../sim/tracker/tracker-device.ts";
import type { TrackerConfig } from "./schema.ts";

/** Round trips of 0.87 to 1.16 ms, four a second, as recorded with a Motive 2.1. */
const motiveEcho: EchoTiming = { everyS: 0.25, oneWayS: 0.43e-3, queueS: 0.04e-3 };

/** NatNet has an echo by which a host reads the server's clock; the protocols of other makers have none. */
const echoes: { readonly [Kind in TrackerConfig["kind"]]: EchoTiming | undefined } = {
  duo: motiveEcho,
  trio: motiveEcho,
  optical: motiveEcho,
  vega: undefined,
  aurora: undefined,
};

export function timingOf(config: TrackerConfig): TrackerTiming {
  const { rateHz, latencyS, latencySdS, lateShare, lateS, clockOffsetS, clockSkewPpm } = config;
  const echo = echoes[config.kind];
  const clockSkew = clockSkewPpm * 1e-6;
  return { rateHz, latencyS, latencySdS, lateShare, lateS, clockOffsetS, clockSkew, ...(echo ? { echo } : {}) };
}

/** The first decile of a normal distribution lies so many standard deviations below its mean. */
const DECILE_SD = 1.2816;

/**
 * By how much later than they were taken the poses seem to be once the tracker's clock is mapped to the host's
 * (pipeline/sync/clock-map.ts): by its echoes not at all, by arrivals the delay of the promptest tenth. Smoothing delays
 * besides.
 */
export function poseDelayS(config: TrackerConfig): number {
  const { latencyS, latencySdS, smoothingS } = config;
  return smoothingS + (echoes[config.kind] ? 0 : latencyS - DECILE_SD * latencySdS);
}
