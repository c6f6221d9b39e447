import type { Recording } from "../data/recording.ts";
import { clockSegments, type EpochTrack } from "../pipeline/sync/clock-segments.ts";

/** How a device's clock went against that of the host that recorded it. */
export interface DeviceClock {
  readonly device: "images" | "poses";
  /** What it showed more than the host's, the delay of the link taken off as far as it is known: when the first sample came. */
  readonly aheadS: number;
  /** Seconds of the device per second of the host, minus 1. */
  readonly skew: number;
  /** How it was found: see pipeline/sync/clock-map.ts. */
  readonly by: "readings" | "arrivals";
  /** Spread of the arrivals about the fit. */
  readonly jitterSdS: number;
}

/** By the very fit with which the pipeline pairs images and poses. */
export function clocksOf({ images, poses }: Recording): DeviceClock[] {
  const track = poses.reduce<(typeof poses)[number] | undefined>(
    (longest, each) => (each.acquiredAtS.length > (longest?.acquiredAtS.length ?? 0) ? each : longest),
    undefined,
  );
  const clock = (device: DeviceClock["device"], times: EpochTrack | undefined): DeviceClock[] => {
    if (!times || times.acquiredAtS.length === 0) return [];
    // Where the clock was set in between, the longest part stands for it.
    const { from, offsetS, rate, by, jitterSdS } = clockSegments(times).reduce((longest, each) =>
      each.to - each.from > longest.to - longest.from ? each : longest,
    );
    const deviceS = times.acquiredAtS[from]!;
    return [{ device, aheadS: deviceS - (offsetS + rate * deviceS), skew: 1 / rate - 1, by, jitterSdS }];
  };
  return [...clock("images", images), ...clock("poses", track)];
}
