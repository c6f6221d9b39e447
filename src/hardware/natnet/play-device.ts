import type { PoseDevice, Sample, TrackerFrame } from "../../data/device.ts";
import type { PlayedSession } from "./server.ts";

/** What a device gives (a simulator, a replay), as a session to play: opened anew every time it is played. */
export function playedDevice(device: PoseDevice, tools: readonly string[], rateHz: number): PlayedSession {
  return {
    tools,
    rateHz,
    async *frames(): AsyncGenerator<Sample<TrackerFrame>> {
      const stream = await device.open(new AbortController().signal);
      try {
        yield* stream;
      } finally {
        await stream.close();
      }
    },
  };
}
