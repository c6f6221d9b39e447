import type { ToolReading } from "../../data/device.ts";

export interface PoseWatchCounters {
  stalePoses: number;
  /** Passed on all the same: a leap does not say which side of it was wrong. */
  jumps: number;
}

interface Seen {
  readonly pose: Readonly<Float64Array>;
  readonly sinceS: number;
  readonly lastS: number;
}

/** A hand moves no faster; beyond it a body was taken for another. */
const MAX_SPEED_MM_PER_S = 2000;
/** A step at most this long is noise and no leap, however short the time. */
const JITTER_MM = 5;

/**
 * Looks at the poses of one server over time; what is odd about one alone is found by `readingOf`. Gives the reading,
 * or "stale" for a pose that stays the same to the last bit although time goes on: no tracker with any noise repeats
 * itself, so its driver has hung up and its server sends the last pose again. Adds to `counters`.
 */
export function createPoseWatch(
  staleAfterS: number,
  counters: PoseWatchCounters,
  onJump: (tool: string, distanceMm: number) => void,
): (reading: ToolReading, timeS: number) => ToolReading {
  const last = new Map<string, Seen>();

  function checkJump(tool: string, before: Seen, pose: Readonly<Float64Array>, timeS: number): void {
    const distanceMm = Math.hypot(...[3, 7, 11].map((i) => pose[i]! - before.pose[i]!));
    if (distanceMm <= JITTER_MM + MAX_SPEED_MM_PER_S * Math.max(0, timeS - before.lastS)) return;
    counters.jumps++;
    onJump(tool, distanceMm);
  }

  return (reading, timeS) => {
    if (reading.status !== "tracked") return reading;
    const { tool, trackerFromTool: pose } = reading;
    const before = last.get(tool);
    const same = before !== undefined && pose.every((x, i) => Object.is(x, before.pose[i]));
    if (before && !same) checkJump(tool, before, pose, timeS);
    last.set(tool, { pose, sinceS: same ? before.sinceS : timeS, lastS: timeS });
    if (!same || timeS - before.sinceS < staleAfterS) return reading;
    counters.stalePoses++;
    return { tool, status: "stale" };
  };
}
