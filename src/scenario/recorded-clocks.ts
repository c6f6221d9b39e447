import type { Recording } from "../data/recording.ts";
import { clockOf, type ClockedTrack } from "../pipeline/sync/clock-map.ts";

/** How a device's clock went against that of the host that recorded it. */
export interface DeviceClock {
  readonly device: "images" | "poses";
  /** What it showed more than the host's, the delay of the link taken off as far as it is known: when the first sample came. */
  readonly aheadS: number;
  /** Seconds of the device per second of the host, minus 1. */
  readonly skew: number;
  /** Spread of the arrivals about the fit. */
  readonly jitterSdS: number;
}

/** By the very fit with which the pipeline pairs images and poses. */
export function clocksOf({ images, poses }: Recording): DeviceClock[] {
  const track = poses.reduce<(typeof poses)[number] | undefined>(
    (longest, each) => (each.acquiredAtS.length > (longest?.acquiredAtS.length ?? 0) ? each : longest),
    undefined,
  );
  const clock = (device: DeviceClock["device"], times: ClockedTrack | undefined): DeviceClock[] => {
    const [deviceS] = times?.acquiredAtS ?? [];
    if (!times || deviceS === undefined) return [];
    const { offsetS, rate, jitterSdS } = clockOf(times);
    return [{ device, aheadS: deviceS - (offsetS + rate * deviceS), skew: 1 / rate - 1, jitterSdS }];
  };
  return [...clock("images", images), ...clock("poses", track)];
}
