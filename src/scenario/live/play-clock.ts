import type { Device, Sample } from "../../data/device.ts";
import { createReadAhead } from "./read-ahead.ts";

/** The time in which samples that were recorded or are simulated are played: it can stand still. */
export interface PlayClock {
  /** The first one who calls says which time of the samples is now; the others wait for that. */
  begin(timeS: number): void;
  readonly begun: Promise<void>;
  /** When a time of the samples is, was or would be by the clock of this computer, seconds. */
  hereS(timeS: number): number;
  sleepUntil(timeS: number, signal: AbortSignal): Promise<void>;
  hold(held: boolean): void;
  /** It could not be had earlier than now: everything after it is as much later. */
  late(timeS: number): void;
  /** By how much playing has fallen behind until now, held time left out, s. */
  readonly behindS: number;
}

/** A clock that is held is looked at this often. */
const SLICE_MS = 40;

export function createPlayClock(nowS: () => number): PlayClock {
  let start: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (start = resolve));
  let hereMinusPlayedS: number | undefined,
    heldAtS: number | undefined,
    behindS = 0;
  const hereS = (timeS: number): number => timeS + (hereMinusPlayedS ?? NaN);
  return {
    begin(timeS) {
      hereMinusPlayedS ??= nowS() - timeS;
      start();
    },
    begun,
    hereS,
    async sleepUntil(timeS, signal) {
      while (!signal.aborted) {
        const leftMs = heldAtS === undefined ? (hereS(timeS) - nowS()) * 1000 : SLICE_MS;
        if (leftMs <= 0) return;
        await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, SLICE_MS)));
      }
    },
    hold(held) {
      if (held) heldAtS ??= nowS();
      else if (heldAtS !== undefined) {
        if (hereMinusPlayedS !== undefined) hereMinusPlayedS += nowS() - heldAtS;
        heldAtS = undefined;
      }
    },
    late(timeS) {
      const byS = nowS() - hereS(timeS);
      if (hereMinusPlayedS === undefined || heldAtS !== undefined || !(byS > 0)) return;
      hereMinusPlayedS += byS;
      behindS += byS;
    },
    get behindS() {
      return behindS;
    },
  };
}

/**
 * A device that waits for its reader (simulator, replay) as one that does not: each sample comes when it is due. `ahead`
 * samples are made beforehand; where that does not do, the clock stands still until the next one is made. With the first
 * sample of the one that leads playing begins; the others wait for it.
 */
export function paced<T>(
  device: Device<T>,
  clock: PlayClock,
  { ahead, leads }: { readonly ahead: number; readonly leads: boolean },
): Device<T> {
  return {
    id: device.id,
    async open(signal) {
      const stop = new AbortController();
      const ends = AbortSignal.any([signal, stop.signal]);
      const stream = await device.open(ends);
      return {
        nominalRateHz: stream.nominalRateHz,
        async close() {
          stop.abort();
          await stream.close();
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<T>> {
          const source = createReadAhead(stream, ahead, ends),
            stopped = aborted(ends);
          while (!ends.aborted) {
            const isMade = source.ready;
            const sample = await source.next();
            if (!sample) return;
            if (leads) clock.begin(sample.receivedAt);
            else await Promise.race([clock.begun, stopped]);
            if (!isMade) clock.late(sample.receivedAt);
            await clock.sleepUntil(sample.receivedAt, ends);
            if (!ends.aborted) yield sample;
          }
        },
      };
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
