import { compose, invert } from "../../core/rigid.ts";
import { findPoseTrack, type PoseTrack, type Recording } from "../../data/recording.ts";
import { refuse, type Refused } from "./refused.ts";

/** Poses over time, only those that the tracker saw. Times increase strictly. */
export interface PoseSeries {
  readonly timeS: Float64Array;
  /** 12 numbers a sample: row-major 3×4, mm. */
  readonly poses: Float64Array;
  /** Index of each sample in the recording's track. */
  readonly sourceIndex: Uint32Array;
  /** What was left out and why, as counts. */
  readonly dropped: Readonly<Record<string, number>>;
}

export const poseAt = ({ poses }: Pick<PoseSeries, "poses">, i: number): Float64Array =>
  poses.subarray(12 * i, 12 * i + 12);

const SAME_TIME = "with a time that does not increase";

/** Samples of two tools that lie further apart in time do not belong to one instant, s. */
const SAME_INSTANT_S = 0.005;

/**
 * Poses of `tool` relative to `body` (another tool, or the tracker itself) where both were seen at one instant.
 * Duplicate and decreasing times are dropped and counted.
 */
export function relativePoses(recording: Recording, tool: string, body: string): PoseSeries | Refused {
  const names = recording.poses.map((track) => `"${track.tool}"`).join(", ") || "none";
  const moving = findPoseTrack(recording, tool);
  if (!moving) return refuse(`The recording has no poses of "${tool}"`, `Its tools are ${names}; name one of them.`);
  let fixed: PoseTrack | undefined;
  if (moving.parent !== body) {
    fixed = findPoseTrack(recording, body);
    if (!fixed || fixed.parent !== moving.parent) {
      const remedy = `Its tools are ${names}, relative to "${moving.parent}"; name one of these.`;
      return refuse(`The recording does not relate "${tool}" to "${body}"`, remedy);
    }
  }
  const series = pairedPoses(moving, fixed);
  const repeated = series.dropped[SAME_TIME] ?? 0;
  if (repeated > series.timeS.length) {
    return refuse(
      `${repeated} of ${moving.status.length} poses of "${tool}" come with a time that an earlier one has already`,
      "Record with the tracker's own time stamps; a duplicated pose says nothing of when it was measured.",
    );
  }
  if (series.timeS.length > 0) return series;
  const words = Object.entries(series.dropped).map(([word, count]) => `${count} ${word}`);
  return refuse(
    `"${tool}" and "${body}" are never seen together in ${moving.status.length} samples (${words.join(", ")})`,
    "Turn both markers to the tracker while recording.",
  );
}

function pairedPoses(moving: PoseTrack, fixed: PoseTrack | undefined): PoseSeries {
  const times: number[] = [],
    poses: number[] = [],
    source: number[] = [];
  const dropped: Record<string, number> = {};
  const drop = (word: string): void => void (dropped[word] = (dropped[word] ?? 0) + 1);
  let last = -Infinity,
    j = 0;
  for (let i = 0; i < moving.status.length; i++) {
    const time = moving.acquiredAtS[i]!;
    if (moving.status[i] !== "tracked") {
      drop(moving.status[i]!);
      continue;
    }
    let m: Float64Array = moving.parentFromTool.slice(12 * i, 12 * i + 12);
    if (fixed) {
      j = nearest(fixed.acquiredAtS, time, j);
      if (Math.abs(fixed.acquiredAtS[j]! - time) > SAME_INSTANT_S) {
        drop("without a partner in time");
        continue;
      }
      if (fixed.status[j] !== "tracked") {
        drop(`${fixed.tool} ${fixed.status[j]!}`);
        continue;
      }
      const parentFromBody = fixed.parentFromTool.slice(12 * j, 12 * j + 12);
      m = Float64Array.from(compose(invert<"body", "tracker">({ m: parentFromBody }), { m }).m);
    }
    if (!m.every(Number.isFinite) || !Number.isFinite(time)) {
      drop("not finite");
      continue;
    }
    if (time <= last) {
      drop(SAME_TIME);
      continue;
    }
    last = time;
    times.push(time);
    poses.push(...m);
    source.push(i);
  }
  const sourceIndex = Uint32Array.from(source);
  return { timeS: Float64Array.from(times), poses: Float64Array.from(poses), sourceIndex, dropped };
}

/** Index of the nearest time, walking on from `start`; times rise but for slips. */
function nearest(times: Readonly<Float64Array>, time: number, start: number): number {
  let j = start;
  while (j > 0 && Math.abs(times[j - 1]! - time) < Math.abs(times[j]! - time)) j--;
  while (j + 1 < times.length && Math.abs(times[j + 1]! - time) <= Math.abs(times[j]! - time)) j++;
  return j;
}

/** The samples with `fromS` ≤ time < `toS`. */
export function between(series: PoseSeries, fromS: number, toS: number): PoseSeries {
  const { timeS, poses, sourceIndex } = series;
  let first = 0;
  while (first < timeS.length && timeS[first]! < fromS) first++;
  let end = first;
  while (end < timeS.length && timeS[end]! < toS) end++;
  return {
    ...series,
    timeS: timeS.slice(first, end),
    poses: poses.slice(12 * first, 12 * end),
    sourceIndex: sourceIndex.slice(first, end),
  };
}
