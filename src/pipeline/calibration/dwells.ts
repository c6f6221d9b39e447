import { distance, placeOf, type Vector3 } from "./vector3.ts";
import type { PoseSeries } from "./pose-series.ts";

/** A stretch [from, end) of samples in which the tip stayed in one place. */
export interface Dwell {
  readonly from: number;
  readonly end: number;
  /** Mean place of the tip, mm. */
  readonly placeMm: Vector3;
}

export interface DwellOptions {
  /** The tip stays within this distance of its mean place, mm. */
  readonly radiusMm: number;
  readonly leastS: number;
  /** A gap in the recording longer than this ends a dwell, s. */
  readonly gapS: number;
}

/** PLUS and Slicer ask for 1 s within 1.5 mm. */
export const defaultDwells: DwellOptions = { radiusMm: 1.5, leastS: 1, gapS: 0.5 };

/** Maximal stretches, in order of time, that do not overlap. */
export function findDwells({ timeS, poses }: PoseSeries, tipMm: Vector3, options: DwellOptions): Dwell[] {
  const dwells: Dwell[] = [];
  let from = 0;
  while (from < timeS.length) {
    let sum: Vector3 = placeOf(poses, from, tipMm),
      end = from + 1;
    for (; end < timeS.length && timeS[end]! - timeS[end - 1]! <= options.gapS; end++) {
      const place = placeOf(poses, end, tipMm),
        n = end - from,
        mean: Vector3 = [sum[0] / n, sum[1] / n, sum[2] / n];
      if (distance(place, mean) > options.radiusMm) break;
      sum = [sum[0] + place[0], sum[1] + place[1], sum[2] + place[2]];
    }
    const n = end - from,
      placeMm: Vector3 = [sum[0] / n, sum[1] / n, sum[2] / n];
    if (timeS[end - 1]! - timeS[from]! >= options.leastS) {
      // The first samples may still be on the way in: they are dropped where they lie off the later mean.
      let first = from;
      while (first < end - 1 && distance(placeOf(poses, first, tipMm), placeMm) > options.radiusMm) first++;
      if (timeS[end - 1]! - timeS[first]! >= options.leastS) dwells.push({ from: first, end, placeMm });
      from = end;
    } else from++;
  }
  return dwells;
}
