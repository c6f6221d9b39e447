import type { ClockReadings } from "../../data/recording.ts";

/** host = offsetS + rate · device, by which a device's own times become times of the host clock. */
export interface ClockMap {
  readonly offsetS: number;
  readonly rate: number;
  readonly by: "readings" | "arrivals";
  /** Spread of arrival about the fitted line, seconds: what single arrival times would have cost. */
  readonly jitterSdS: number;
}

const BLOCKS = 32,
  LEAST_BLOCKS = 10;
/** A quantile of fewer arrivals says little. */
const LEAST_IN_BLOCK = 8;
/** Longer than what holds packets up, so that every block has some that were not. */
const BLOCK_S = 1;
/**
 * Delays have a floor and no ceiling: queues, a busy computer. The promptest tenth of the arrivals knows little of them,
 * where the median moves with the load (docs/pipeline.md). A still smaller share would hang on single packets.
 */
const PROMPT = 0.1;
/** Free-running crystals are told to keep within 20 to 50 ppm each; the scale of what is believed before looking. */
const USUAL_SKEW = 1e-4;

export interface ClockedTrack {
  readonly acquiredAtS: Readonly<Float64Array>;
  readonly receivedAtS: Readonly<Float64Array>;
  readonly clock?: ClockReadings;
}

/**
 * Maps the clock of a track's device to the host's: by the times at which the clock itself was read, else by the
 * arrivals of its samples.
 */
export function clockOf(track: ClockedTrack): ClockMap {
  const { acquiredAtS, receivedAtS, clock } = track;
  return (clock && fitReadings({ acquiredAtS, receivedAtS, clock })) ?? fitClock(acquiredAtS, receivedAtS);
}

/** Fewer readings leave the slope to the prior and the offset to chance. */
const LEAST_READINGS = 4;
/** What is left of a reading's error when both ways took the shortest time there was, seconds. */
const LEAST_ERROR_S = 30e-6;
/** Of so many stretches the best reading makes the first, robust line. */
const READING_BLOCKS = 64;

/**
 * A line through the readings; undefined when there are too few. A reading can be wrong by what either way took longer
 * than the other, which is at most what it took longer than the quickest one: that is its weight. One that is further
 * off the robust line than that belongs to another clock (which was set since).
 */
function fitReadings({ acquiredAtS, receivedAtS, clock }: Required<ClockedTrack>): ClockMap | undefined {
  const { deviceS, hostS, uncertaintyS } = clock;
  const usable = [...deviceS.keys()].filter((i) => Number.isFinite(deviceS[i]! + hostS[i]! + uncertaintyS[i]!));
  if (usable.length < LEAST_READINGS) return undefined;
  // From the first reading, since seconds since 1970 have few digits left for microseconds.
  const deviceOriginS = deviceS[usable[0]!]!,
    hostOriginS = hostS[usable[0]!]!;
  const readings = usable.map((i): Reading => {
    const x = deviceS[i]! - deviceOriginS;
    return { x, y: hostS[i]! - hostOriginS - x, uncertaintyS: uncertaintyS[i]! };
  });
  const { skew, levelS } = weightedLine(ofOneClock(readings));
  const offsetS = hostOriginS + levelS - (1 + skew) * deviceOriginS;
  const rest = acquiredAtS.map((t, i) => receivedAtS[i]! - hostOriginS - levelS - (1 + skew) * (t - deviceOriginS));
  return { offsetS, rate: 1 + skew, by: "readings", jitterSdS: standardDeviation(rest) };
}

/** `y`: host minus device, both from the first reading. */
interface Reading {
  readonly x: number;
  readonly y: number;
  readonly uncertaintyS: number;
}

function ofOneClock(readings: readonly Reading[]): readonly Reading[] {
  const size = Math.ceil(readings.length / READING_BLOCKS);
  const best: Reading[] = [];
  for (let from = 0; from < readings.length; from += size)
    best.push(readings.slice(from, from + size).reduce((a, b) => (b.uncertaintyS < a.uncertaintyS ? b : a)));
  const x = best.map((reading) => reading.x),
    y = best.map((reading) => reading.y);
  const skew = slope(x, y);
  const levelS = quantile(
    Float64Array.from(best, (reading) => reading.y - skew * reading.x),
    0.5,
  );
  const farS = quantile(
    Float64Array.from(best, (reading) => reading.uncertaintyS),
    0.5,
  );
  return readings.filter((r) => Math.abs(r.y - levelS - skew * r.x) <= r.uncertaintyS + 2 * farS);
}

function weightedLine(readings: readonly Reading[]): { readonly skew: number; readonly levelS: number } {
  const shortestS = Math.min(...readings.map((reading) => reading.uncertaintyS));
  const weights = readings.map((reading) => (reading.uncertaintyS - shortestS + LEAST_ERROR_S) ** -2);
  const sum = (of: (reading: Reading) => number): number =>
    readings.reduce((total, reading, i) => total + weights[i]! * of(reading), 0);
  const total = sum(() => 1),
    x = sum((r) => r.x) / total,
    y = sum((r) => r.y) / total;
  const square = sum((r) => (r.x - x) ** 2);
  const found = square > 0 ? sum((r) => (r.x - x) * (r.y - y)) / square : 0;
  // Few readings that happen to lie on a line know no better than their weights say.
  const misfit = sum((r) => (r.y - y - found * (r.x - x)) ** 2) / (readings.length - 2);
  const skew = believed(found, square > 0 ? Math.sqrt(Math.max(1, misfit) / square) : Infinity);
  return { skew, levelS: y - skew * x };
}

function standardDeviation(values: Readonly<Float64Array>): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}

/**
 * Fits the host clock to the device clock from the times at which samples arrived: a line through the prompt arrivals
 * (their first decile, block by block; Theil-Sen's slope). A slope that a short or busy recording leaves open is drawn
 * to that of equal clocks (a Cauchy prior, so that a scan played at another speed is left alone). The delay of the
 * link's prompt packets stays inside the offset; temporal calibration measures it together with the image lag.
 */
export function fitClock(acquiredAtS: Readonly<Float64Array>, receivedAtS: Readonly<Float64Array>): ClockMap {
  const n = acquiredAtS.length;
  if (n === 0) return { offsetS: 0, rate: 1, by: "arrivals", jitterSdS: 0 };
  const size = blockSize(n, receivedAtS[n - 1]! - receivedAtS[0]!);
  const originS = acquiredAtS[0]!;
  const device = Float64Array.from(acquiredAtS, (t) => t - originS),
    delay = Float64Array.from(receivedAtS, (t, i) => t - acquiredAtS[i]!);
  const middles: number[] = [];
  for (let from = 0; from + size <= n; from += size) middles.push(quantile(device.subarray(from, from + size), 0.5));
  const levels = (skew: number, share: number): number[] =>
    middles.map((_, block) => {
      const from = block * size;
      const rest = delay.subarray(from, from + size).map((d, i) => d - skew * device[from + i]!);
      return quantile(rest, share);
    });
  // First roughly, so that within a block nothing slopes.
  const rough = slope(middles, levels(0, 0.5));
  const prompt = levels(rough, PROMPT);
  const correction = slope(middles, prompt);
  const skew = believed(rough + correction, slopeError(middles, prompt, correction));
  const offsetS = quantile(
    delay.map((d, i) => d - skew * device[i]!),
    PROMPT,
  );
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (delay[i]! - offsetS - skew * device[i]!) ** 2;
  return { offsetS: offsetS - skew * originS, rate: 1 + skew, by: "arrivals", jitterSdS: Math.sqrt(sum / n) };
}

/** Samples in a block; single ones where there are too few for blocks. */
function blockSize(count: number, spanS: number): number {
  if (count < LEAST_BLOCKS * LEAST_IN_BLOCK) return 1;
  const second = spanS > 0 ? Math.ceil((count * BLOCK_S) / spanS) : count;
  return Math.max(LEAST_IN_BLOCK, Math.floor(count / BLOCKS), Math.min(second, Math.floor(count / LEAST_BLOCKS)));
}

/** Theil-Sen: the median of the slopes of all pairs; 0 when there are none. */
function slope(x: readonly number[], y: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < x.length; i++) {
    for (let j = i + 1; j < x.length; j++) if (x[j]! > x[i]!) slopes.push((y[j]! - y[i]!) / (x[j]! - x[i]!));
  }
  return slopes.length ? quantile(Float64Array.from(slopes), 0.5) : 0;
}

/** Standard error of that slope, from the median deviation of the blocks: few of them know their own spread badly. */
function slopeError(x: readonly number[], y: readonly number[], fitted: number): number {
  const count = x.length;
  if (count < 5) return Infinity;
  const mean = x.reduce((sum, v) => sum + v, 0) / count;
  const spread = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0));
  const rest = Float64Array.from(y, (v, i) => v - fitted * x[i]!);
  const middle = quantile(rest, 0.5);
  const deviation =
    1.4826 *
    quantile(
      rest.map((v) => Math.abs(v - middle)),
      0.5,
    );
  return ((count / (count - 4)) * deviation) / spread;
}

/** The most probable skew when `found` was measured with a standard error. */
function believed(found: number, error: number): number {
  if (!(error < Infinity)) return 0;
  const settle = (start: number): number => {
    let s = start;
    for (let i = 0; i < 100; i++) s = found / (1 + (2 * error ** 2) / (USUAL_SKEW ** 2 + s ** 2));
    return s;
  };
  const cost = (s: number): number => (s - found) ** 2 / (2 * error ** 2) + Math.log(1 + (s / USUAL_SKEW) ** 2);
  if (error === 0) return found;
  const near = settle(found),
    drawn = settle(0);
  return cost(near) <= cost(drawn) ? near : drawn;
}

function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1),
    low = Math.floor(at);
  const a = sorted[low]!,
    b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return a + (at - low) * (b - a);
}
