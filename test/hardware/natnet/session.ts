import { fromAxisAngle } from "../../../src/core/rigid.ts";
import {
  deviceSeconds,
  hostSeconds,
  type Sample,
  type ToolReading,
  type TrackerFrame,
} from "../../../src/data/device.ts";
import type { PlayedSession } from "../../../src/hardware/natnet/server.ts";

export const RATE_HZ = 120;

/** A pose that differs in every frame, as measured poses do. */
export function poseAt(tool: string, frame: number): Float64Array {
  const angle = 0.3 + 0.01 * frame,
    x = tool === "Probe" ? 100 : -200;
  return fromAxisAngle([1, 2, 3], angle, [x + 0.5 * frame, 300 - 0.25 * frame, 1000 + 0.1 * frame]).m as Float64Array;
}

export const tracked = (tool: string, frame: number): ToolReading => ({
  tool,
  status: "tracked",
  trackerFromTool: poseAt(tool, frame),
  fitRmsMm: 0.25,
});

/** `count` frames of a probe and a reference, 5.4 ms from exposure to arrival, on a clock of its own. */
export function testSession(
  count: number,
  change: (frame: number, tools: ToolReading[]) => readonly ToolReading[] = (_, tools) => tools,
  clock: { readonly offsetS: number; readonly skew: number } = { offsetS: 5000, skew: 0 },
): PlayedSession {
  return {
    tools: ["Probe", "Reference"],
    rateHz: RATE_HZ,
    *frames(): Generator<Sample<TrackerFrame>> {
      for (let i = 0; i < count; i++) {
        const takenS = i / RATE_HZ;
        yield {
          sequence: i,
          acquiredAt: deviceSeconds(clock.offsetS + takenS * (1 + clock.skew)),
          receivedAt: hostSeconds(takenS + 0.0054),
          timeSource: "mid-exposure",
          geometryEpoch: 0,
          value: { tools: change(i, [tracked("Probe", i), tracked("Reference", i)]) },
        };
      }
    },
  };
}
