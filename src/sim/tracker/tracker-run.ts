import type { ToolReading } from "../../data/device.ts";

/** One session of a tracker, from switching on: it remembers where bodies were. */
export interface TrackerRun {
  /**
   * One frame, in order of time. `poses`: the true trackerFromTool of each body, row-major 3×4, mm. A body that is not
   * tracked has no pose, never the last one again.
   */
  observe(timeS: number, poses: readonly Readonly<Float64Array>[]): ToolReading[];
}
