import { deviceSeconds, hostSeconds, type Device, type Sample } from "../../data/device.ts";
import { createPersistence } from "./persistence.ts";
import type { Image } from "../../data/image.ts";

export interface ImagerTiming {
  readonly rateHz: number;
  /** From the echo to the time stamp that the host gives the image: a polled device has no clock of its own. */
  readonly lagS: number;
  /** Share of a shown picture that is left after PERSISTENCE_S; 0 when left out. */
  readonly persistence?: number;
}

/** Renders the images of a batch of true echo times (host clock), in order. */
export type RenderBatch = (trueTimesS: readonly number[], firstSequence: number) => Promise<readonly Image[]>;

/** Frames that are rendered together, so that several workers have something to do. */
const BATCH = 32;

/**
 * A simulated polled scanner: one image every 1/rate seconds within the stretches in which the operator scans. Like a
 * Telemed polled by PLUS it has no clock of its own, so both times of a sample are the host's, and late by the lag.
 */
export function simulatedImager(
  stretches: readonly { readonly fromS: number; readonly toS: number }[],
  timing: ImagerTiming,
  render: RenderBatch,
): Device<Image> {
  return {
    id: "imager",
    async open(signal) {
      let closed = false;
      return {
        nominalRateHz: timing.rateHz,
        async close() {
          closed = true;
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<Image>> {
          const persist = createPersistence(timing.persistence ?? 0);
          const times = stretches.flatMap(({ fromS, toS }) => pollTimes(fromS, toS, timing.rateHz));
          for (let from = 0; from < times.length; from += BATCH) {
            const batch = times.slice(from, from + BATCH);
            if (closed || signal.aborted) return;
            const images = await render(batch, from);
            for (let i = 0; i < batch.length; i++) {
              if (closed || signal.aborted) return;
              const stampS = batch[i]! + timing.lagS;
              const { pixels } = images[i]!;
              const shown =
                pixels instanceof Uint8Array ? { ...images[i]!, pixels: persist(pixels, batch[i]!) } : images[i]!;
              yield {
                sequence: from + i,
                acquiredAt: deviceSeconds(stampS),
                receivedAt: hostSeconds(stampS),
                timeSource: "arrival",
                geometryEpoch: 0,
                value: shown,
              };
            }
          }
        },
      };
    },
  };
}

/** Multiples of the polling period within [fromS, toS]: the scanner does not know when a stroke begins. */
export function pollTimes(fromS: number, toS: number, rateHz: number): number[] {
  const first = Math.ceil(fromS * rateHz - 1e-9),
    last = Math.floor(toS * rateHz + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) / rateHz);
}
