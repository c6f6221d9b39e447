import type { Device, Sample } from "../../data/device.ts";
import { createSampleQueue } from "../../hardware/openigtlink/sample-queue.ts";

/** A stream that is read already, as a device for one more reader: it gets what is pushed from now on, once it opens. */
export interface Tap<T> {
  readonly device: Device<T>;
  /** Never waits: a reader that is too slow loses the oldest. */
  push(sample: Sample<T>): void;
  /** The reader gets what is queued, then the end. */
  end(): void;
  readonly dropped: number;
}

export function createTap<T>(id: string, nominalRateHz: number, capacity: number): Tap<T> {
  const queue = createSampleQueue<Sample<T>>(capacity);
  return {
    device: {
      id,
      open: async () => ({
        nominalRateHz,
        close: async () => queue.end(),
        [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
      }),
    },
    push: (sample) => queue.push(sample),
    end: () => queue.end(),
    get dropped() {
      return queue.dropped;
    },
  };
}
