import type { PoseSeries } from "./pose-series.ts";
import { tricube } from "./tricube.ts";
import { cross, directionUnit, dot, scaled, subtract, type Vector3 } from "./vector3.ts";

/**
 * Local quadratic regression of every entry over ± `reachS` (tricube weights, Cleveland 1979), then the nearest axes:
 * takes a tracker's jitter away and keeps position, speed and acceleration of a hand. Fewer than five neighbours:
 * as it was.
 */
export function smoothPoses(series: PoseSeries, reachS: number): PoseSeries {
  const { timeS, poses } = series,
    out = poses.slice();
  let first = 0;
  for (let i = 0; i < timeS.length; i++) {
    while (timeS[first]! < timeS[i]! - reachS) first++;
    let end = i;
    while (end < timeS.length && timeS[end]! <= timeS[i]! + reachS) end++;
    if (end - first < 5) continue;
    const s = new Float64Array(5),
      right = new Float64Array(36);
    for (let j = first; j < end; j++) {
      const d = (timeS[j]! - timeS[i]!) / reachS,
        w = tricube(d),
        wd = w * d,
        wdd = wd * d;
      s[0]! += w;
      s[1]! += wd;
      s[2]! += wdd;
      s[3]! += wdd * d;
      s[4]! += wdd * d * d;
      for (let k = 0; k < 12; k++) {
        const value = poses[12 * j + k]!;
        right[k]! += w * value;
        right[12 + k]! += wd * value;
        right[24 + k]! += wdd * value;
      }
    }
    smoothed(s, right, out.subarray(12 * i, 12 * i + 12));
  }
  return { ...series, poses: out };
}

/** Writes the fit's value at 0: first row of the inverse of the Hankel matrix of the moments `s`, times `right`. */
function smoothed(s: Readonly<Float64Array>, right: Readonly<Float64Array>, pose: Float64Array): void {
  const a = s[2]! * s[4]! - s[3]! * s[3]!,
    b = s[2]! * s[3]! - s[1]! * s[4]!,
    c = s[1]! * s[3]! - s[2]! * s[2]!,
    det = s[0]! * a + s[1]! * b + s[2]! * c;
  if (!(Math.abs(det) > 1e-9 * s[0]! ** 3)) return;
  for (let k = 0; k < 12; k++) pose[k] = (a * right[k]! + b * right[12 + k]! + c * right[24 + k]!) / det;
  const column = (k: number): Vector3 => [pose[k]!, pose[4 + k]!, pose[8 + k]!];
  const x = directionUnit(column(0)),
    y = directionUnit(subtract(column(1), scaled(x, dot(x, column(1))))),
    z = cross(x, y);
  for (let row = 0; row < 3; row++) {
    pose[4 * row] = x[row]!;
    pose[4 * row + 1] = y[row]!;
    pose[4 * row + 2] = z[row]!;
  }
}
