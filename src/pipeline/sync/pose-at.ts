import { interpolate } from "../../core/rigid.ts";
import type { PoseTrack } from "../../data/recording.ts";
import type { ClockSegment } from "./clock-segments.ts";

/** Whether the segment of a track has poses before and after a time of the host. */
export function covers(
  { acquiredAtS: t }: PoseTrack,
  { from, to, offsetS, rate }: ClockSegment,
  hostS: number,
): boolean {
  const deviceS = (hostS - offsetS) / rate;
  return to - from >= 2 && deviceS >= t[from]! && deviceS <= t[to - 1]!;
}

/**
 * The pose at a time of the tracker's clock, between the two samples of the segment around it (12 numbers, row-major 3×4);
 * a reason in words where one of them is lost or they are further than `maxGapPeriods` apart.
 */
export function poseAt(
  track: PoseTrack,
  { from, to }: ClockSegment,
  deviceS: number,
  maxGapPeriods: number,
): Float64Array | string {
  const { acquiredAtS: t, status, parentFromTool: m, tool } = track;
  let low = from,
    high = to - 1;
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (t[mid]! <= deviceS) low = mid;
    else high = mid;
  }
  if (status[low] !== "tracked" || status[high] !== "tracked") {
    return `"${tool}" ${status[low] === "tracked" ? status[high] : status[low]}`;
  }
  const period = (t[to - 1]! - t[from]!) / (to - 1 - from),
    gap = t[high]! - t[low]!;
  if (gap > maxGapPeriods * period) return `"${tool}" has a gap in its poses`;
  const s = gap > 0 ? (deviceS - t[low]!) / gap : 0;
  const at = (i: number) => ({ m: m.subarray(i * 12, i * 12 + 12) });
  return interpolate(at(low), at(high), s).m.slice();
}
