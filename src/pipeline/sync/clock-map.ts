/** host = offsetS + rate · device, by which a device's own times become times of the host clock. */
export interface ClockMap {
  readonly offsetS: number;
  readonly rate: number;
  /** Spread of arrival about the fitted line, seconds: what single arrival times would have cost. */
  readonly jitterSdS: number;
}

const BLOCKS = 32;

/**
 * Fits the host clock to the device clock from the times at which samples arrived: Theil-Sen's slope over block
 * medians, so that late packets do not pull the line. The mean delay of the link stays inside the offset; temporal
 * calibration measures it together with the image lag.
 */
export function fitClock(acquiredAtS: Readonly<Float64Array>, receivedAtS: Readonly<Float64Array>): ClockMap {
  const n = acquiredAtS.length;
  if (n === 0) return { offsetS: 0, rate: 1, jitterSdS: 0 };
  const size = Math.max(1, Math.floor(n / BLOCKS));
  const device: number[] = [],
    delay: number[] = [];
  for (let from = 0; from + size <= n; from += size) {
    device.push(median(acquiredAtS.subarray(from, from + size)));
    delay.push(median(acquiredAtS.subarray(from, from + size).map((t, i) => receivedAtS[from + i]! - t)));
  }
  const slopes: number[] = [];
  for (let i = 0; i < device.length; i++) {
    for (let j = i + 1; j < device.length; j++) {
      if (device[j]! > device[i]!) slopes.push((delay[j]! - delay[i]!) / (device[j]! - device[i]!));
    }
  }
  const skew = slopes.length ? median(Float64Array.from(slopes)) : 0;
  const offsetS = median(Float64Array.from(delay, (d, i) => d - skew * device[i]!));
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (receivedAtS[i]! - offsetS - (1 + skew) * acquiredAtS[i]!) ** 2;
  return { offsetS, rate: 1 + skew, jitterSdS: Math.sqrt(sum / n) };
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid]! : (sorted[mid - 1]! + sorted[mid]!) / 2;
}
