import { tricube } from "../tricube.ts";

/** A path on an even grid of times, as many numbers each as the samples had. */
export interface SteadyPath {
  readonly timeS: Float64Array;
  readonly values: Float64Array;
}

/** Half width of the window in sample intervals: some fifteen samples weigh in, which leaves a third of white noise. */
const REACH_INTERVALS = 10;
/** Of the grid, as a share of the sample interval. */
const GRID_SHARE = 0.5;
const MOST_GRID_POINTS = 400_000;

/**
 * The path without the tracker's jitter, by local quadratic regression (tricube weights, Cleveland 1979) at times that
 * do not depend on when the samples were taken. Straight lines between noisy samples are less noisy in their middles
 * than at their ends, and a lag fitted to them is drawn to half a sample interval (4 ms at 100 Hz with 0.2 mm).
 * `values`: `width` numbers a sample.
 */
export function steadyPath(timeS: Readonly<Float64Array>, values: Readonly<Float64Array>, width: number): SteadyPath {
  const n = timeS.length,
    interval = medianInterval(timeS),
    reach = REACH_INTERVALS * interval,
    length = timeS[n - 1]! - timeS[0]!;
  const points = Math.max(2, Math.min(MOST_GRID_POINTS, Math.ceil(length / (GRID_SHARE * interval)) + 1));
  const grid = Float64Array.from({ length: points }, (_, i) => timeS[0]! + (length * i) / (points - 1)),
    out = new Float64Array(width * points);
  const s = new Float64Array(5),
    right = new Float64Array(3 * width);
  let first = 0;
  for (let i = 0; i < points; i++) {
    const t = grid[i]!;
    while (first + 1 < n && timeS[first + 1]! < t - reach) first++;
    s.fill(0);
    right.fill(0);
    let used = 0;
    for (let j = first; j < n && timeS[j]! <= t + reach; j++) {
      const d = (timeS[j]! - t) / reach;
      if (d <= -1) continue;
      const w = tricube(d),
        wdd = w * d * d;
      used++;
      s[0]! += w;
      s[1]! += w * d;
      s[2]! += wdd;
      s[3]! += wdd * d;
      s[4]! += wdd * d * d;
      for (let k = 0; k < width; k++) {
        const value = w * values[width * j + k]!;
        right[k]! += value;
        right[width + k]! += value * d;
        right[2 * width + k]! += value * d * d;
      }
    }
    const here = out.subarray(width * i, width * (i + 1));
    quadraticAtZero(s, right, used, here);
    if (Number.isNaN(here[0]!)) interpolate(timeS, values, t, first, here);
  }
  return { timeS: grid, values: out };
}

function medianInterval(timeS: Readonly<Float64Array>): number {
  const gaps = Float64Array.from({ length: timeS.length - 1 }, (_, i) => timeS[i + 1]! - timeS[i]!).sort();
  return gaps[gaps.length >> 1]!;
}

/** Writes NaN where fewer than five samples, or samples in one place, determine no parabola. */
function quadraticAtZero(
  s: Readonly<Float64Array>,
  right: Readonly<Float64Array>,
  used: number,
  out: Float64Array,
): void {
  const a = s[2]! * s[4]! - s[3]! * s[3]!,
    b = s[2]! * s[3]! - s[1]! * s[4]!,
    c = s[1]! * s[3]! - s[2]! * s[2]!,
    det = s[0]! * a + s[1]! * b + s[2]! * c;
  const known = used >= 5 && Math.abs(det) > 1e-9 * s[0]! ** 3;
  const width = out.length;
  for (let k = 0; k < width; k++) {
    out[k] = known ? (a * right[k]! + b * right[width + k]! + c * right[2 * width + k]!) / det : NaN;
  }
}

function interpolate(
  timeS: Readonly<Float64Array>,
  values: Readonly<Float64Array>,
  t: number,
  from: number,
  out: Float64Array,
): void {
  let j = from;
  while (j + 2 < timeS.length && timeS[j + 1]! <= t) j++;
  const share = (t - timeS[j]!) / (timeS[j + 1]! - timeS[j]!);
  const width = out.length;
  for (let k = 0; k < width; k++) {
    out[k] = (1 - share) * values[width * j + k]! + share * values[width * (j + 1) + k]!;
  }
}
