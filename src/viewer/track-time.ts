import type { StatusChange, ViewedTrack } from "../data/view-page.ts";

/** The last of ascending times that is not after `timeS`; the first before all of them; −1 where there is none. */
export function sampleAt(timesS: readonly number[], timeS: number): number {
  if (!timesS.length) return -1;
  let low = 0,
    high = timesS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesS[middle]! <= timeS) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** "not yet" before the first sample. */
export function statusAt(status: readonly StatusChange[], timeS: number): string {
  let now = "not yet";
  for (const { fromS, status: name } of status) {
    if (fromS > timeS) break;
    now = name;
  }
  return now;
}

/** xyz of every sample; NaN where the tool was not tracked, which breaks its line. */
export function positions({ poses }: Pick<ViewedTrack, "poses">): number[] {
  return poses.flatMap((pose) => (pose ? [pose[3]!, pose[7]!, pose[11]!] : [NaN, NaN, NaN]));
}
