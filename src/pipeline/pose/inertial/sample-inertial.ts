import { fromQuaternion, toQuaternion } from "../../../core/rigid.ts";
import type { InertialTrack } from "../../../data/inertial.ts";

/** Index of the last sample at or before `timeS`, within the track. */
function sampleBefore({ timeS: t }: InertialTrack, timeS: number): number {
  let low = 0,
    high = t.length - 1;
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (t[mid]! <= timeS) low = mid;
    else high = mid;
  }
  return low;
}

/** Orientation at a time, row-major 3×3: the mean of the samples within `halfS` of it, which thins their noise. */
export function orientationAt(track: InertialTrack, timeS: number, halfS = 0.012): Float64Array {
  const middle = sampleBefore(track, timeS);
  const sum = [0, 0, 0, 0];
  let reference: readonly number[] | undefined;
  for (let i = Math.max(0, middle - 8); i <= Math.min(track.timeS.length - 1, middle + 9); i++) {
    const off = Math.abs(track.timeS[i]! - timeS) / halfS;
    const weight = Math.max(0, 1 - off / 2) + (i === middle ? 1e-6 : 0);
    if (weight === 0) continue;
    const r = track.earthFromImage.subarray(9 * i, 9 * i + 9);
    const q = toQuaternion(Float64Array.of(r[0]!, r[1]!, r[2]!, 0, r[3]!, r[4]!, r[5]!, 0, r[6]!, r[7]!, r[8]!, 0));
    reference ??= q;
    const sign = q.reduce((dot, x, k) => dot + x * reference![k]!, 0) < 0 ? -1 : 1;
    q.forEach((x, k) => (sum[k]! += weight * sign * x));
  }
  const { m } = fromQuaternion([sum[0]!, sum[1]!, sum[2]!, sum[3]!]);
  return Float64Array.of(m[0]!, m[1]!, m[2]!, m[4]!, m[5]!, m[6]!, m[8]!, m[9]!, m[10]!);
}

/**
 * The change of mean velocity from [before, now] to [now, after] that the acceleration makes, mm/s: its integral under a
 * triangle that peaks at `now`. Undefined where the sensor was silent.
 */
export function velocityChange(
  track: InertialTrack,
  before: number,
  now: number,
  after: number,
): [number, number, number] | undefined {
  const { timeS, acceleration } = track;
  const first = sampleBefore(track, before),
    last = Math.min(timeS.length - 1, sampleBefore(track, after) + 1);
  if (timeS[first]! > before || timeS[last]! < after) return undefined;
  const sum: [number, number, number] = [0, 0, 0];
  let area = 0;
  for (let i = first; i <= last; i++) {
    const t = timeS[i]!;
    const height = t <= now ? (t - before) / (now - before) : (after - t) / (after - now);
    if (height <= 0) continue;
    area += height;
    for (let k = 0; k < 3; k++) sum[k as 0]! += height * acceleration[3 * i + k]!;
  }
  // The triangle's own area is half its base: what the few samples miss of it is made up.
  const scale = area > 0 ? (after - before) / 2 / area : 0;
  return [sum[0] * scale, sum[1] * scale, sum[2] * scale];
}
