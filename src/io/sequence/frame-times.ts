import { parseNumber } from "./raster-header.ts";

/** Rate of made-up times when a recording keeps none: the usual polling rate of a scanner. */
export const DEFAULT_NOMINAL_RATE_HZ = 30;

export interface FrameTimes {
  readonly acquiredAtS: Float64Array;
  /** The same array as `acquiredAtS` when the recording keeps one time only. */
  readonly receivedAtS: Float64Array;
}

type Column = readonly (string | undefined)[] | undefined;

/**
 * PLUS's `Timestamp` (filtered) is when the frame was acquired, `UnfilteredTimestamp` when it came in. Single gaps are
 * interpolated. Without any timestamp there is order but no time: then frame numbers, else indices, are divided by a
 * nominal rate, and a warning says that speeds and lags computed from them mean nothing.
 */
export function frameTimes(
  count: number,
  columns: { readonly timestamp: Column; readonly unfiltered: Column; readonly frameNumber: Column },
  nominalRateHz: number,
  warn: (sentence: string) => void,
): FrameTimes {
  const acquired = parseColumn(count, columns.timestamp),
    received = parseColumn(count, columns.unfiltered);
  const haveAcquired = acquired.some(Number.isFinite),
    haveReceived = received.some(Number.isFinite);
  if (!haveAcquired && !haveReceived) {
    if (count === 0) return { acquiredAtS: acquired, receivedAtS: acquired };
    const numbers = parseColumn(count, columns.frameNumber);
    const counted = numbers.every((n, i) => Number.isFinite(n) && (i === 0 || n > numbers[i - 1]!));
    const made = acquired.map((_, i) => (counted ? numbers[i]! - numbers[0]! : i) / nominalRateHz);
    const from = counted ? "frame numbers" : "order of the frames";
    warn(
      `No frame has a timestamp: times were made up from the ${from} at a nominal ${nominalRateHz} Hz, so speeds, ` +
        `rates and lags computed from them mean nothing.`,
    );
    return { acquiredAtS: made, receivedAtS: made };
  }
  if (!haveAcquired) {
    warn("No frame has a Timestamp; UnfilteredTimestamp is used in its place.");
    fillGaps(received, "UnfilteredTimestamp", warn);
    warnOrder(received, warn);
    return { acquiredAtS: received, receivedAtS: received };
  }
  fillGaps(acquired, "Timestamp", warn);
  warnOrder(acquired, warn);
  if (!haveReceived) return { acquiredAtS: acquired, receivedAtS: acquired };
  fillGaps(received, "UnfilteredTimestamp", warn);
  return { acquiredAtS: acquired, receivedAtS: received };
}

function parseColumn(count: number, column: Column): Float64Array {
  const values = new Float64Array(count).fill(NaN);
  if (column) for (let i = 0; i < count; i++) values[i] = finite(parseNumber(column[i] ?? ""));
  return values;
}

const finite = (x: number): number => (Number.isFinite(x) ? x : NaN);

/** Linear between the neighbours that have a value; beyond the ends, on by the mean step. */
function fillGaps(values: Float64Array, name: string, warn: (sentence: string) => void): void {
  const known = Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]!));
  if (known.length === values.length) return;
  const first = known[0]!,
    last = known[known.length - 1]!;
  const step = last > first ? (values[last]! - values[first]!) / (last - first) : 1 / DEFAULT_NOMINAL_RATE_HZ;
  for (let i = 0; i < first; i++) values[i] = values[first]! + (i - first) * step;
  for (let i = last + 1; i < values.length; i++) values[i] = values[last]! + (i - last) * step;
  for (let k = 1; k < known.length; k++) {
    const a = known[k - 1]!,
      b = known[k]!;
    for (let i = a + 1; i < b; i++) values[i] = values[a]! + ((values[b]! - values[a]!) * (i - a)) / (b - a);
  }
  const missing = values.length - known.length;
  warn(`${missing} of ${values.length} frames have no readable ${name}; it was interpolated from the others.`);
}

function warnOrder(values: Float64Array, warn: (sentence: string) => void): void {
  let back = 0;
  for (let i = 1; i < values.length; i++) if (!(values[i]! > values[i - 1]!)) back++;
  if (back > 0) warn(`In ${back} places the timestamps do not increase from one frame to the next.`);
}
