import type { Spread } from "../../data/live.ts";

/** Times from the arrival of a frame to the surface that it is in, ms. */
export interface Latencies {
  add(atS: number, latencyMs: number): void;
  /** Of those that ended within the last `windowS`; null when there were none. */
  recent(nowS: number): Spread | null;
  /** Frames a second over the last `windowS`. */
  ratePerS(nowS: number): number;
  /** Of the whole scan, or the last MOST of it. */
  all(): Spread | null;
}

/** An hour and a half at 30 frames a second. */
const MOST = 160_000;

export function createLatencies(windowS = 5): Latencies {
  let times: number[] = [],
    values: number[] = [],
    firstS: number | undefined;
  const fromIndex = (nowS: number): number => {
    let at = times.length;
    while (at > 0 && times[at - 1]! > nowS - windowS) at--;
    return at;
  };
  return {
    add(atS, latencyMs) {
      firstS ??= atS;
      times.push(atS);
      values.push(latencyMs);
      if (times.length > 2 * MOST) {
        times = times.slice(-MOST);
        values = values.slice(-MOST);
      }
    },
    recent: (nowS) => spreadOf(values.slice(fromIndex(nowS))),
    ratePerS(nowS) {
      const spanS = Math.min(windowS, nowS - (firstS ?? nowS));
      return spanS > 0 ? (times.length - fromIndex(nowS)) / spanS : 0;
    },
    all: () => spreadOf(values),
  };
}

export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return {
    mean: sorted.reduce((sum, v) => sum + v, 0) / sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    count: sorted.length,
  };
}
