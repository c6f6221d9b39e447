import { poseAt, type PoseSeries } from "./pose-series.ts";

/** Largest angle between any two orientations among (at most 200 evenly chosen) poses, rad. */
export function orientationSpread(series: Pick<PoseSeries, "poses">): number {
  const count = series.poses.length / 12,
    step = Math.max(1, Math.ceil(count / 200));
  let least = 3;
  for (let i = 0; i < count; i += step) {
    const a = poseAt(series, i);
    for (let j = i + step; j < count; j += step) {
      const b = poseAt(series, j);
      let trace = 0;
      for (const k of [0, 1, 2, 4, 5, 6, 8, 9, 10]) trace += a[k]! * b[k]!;
      least = Math.min(least, trace);
    }
  }
  return Math.acos(Math.min(1, Math.max(-1, (least - 1) / 2)));
}
