/** Hands values from whoever pushes them to one reader, in order, and holds at most `capacity` of them. */
export interface SampleQueue<T> extends AsyncIterable<T> {
  /** Never waits: what the reader is too slow for is dropped, oldest first, and counted. */
  push(value: T): void;
  /** The reader gets what is queued, then the end (or the error). Later pushes are ignored. */
  end(error?: Error): void;
  /** Ends at once and forgets what is queued. */
  clear(): void;
  readonly dropped: number;
  readonly length: number;
  readonly capacity: number;
}

/** `onTaken` is told after the reader took a value. */
export function createSampleQueue<T>(capacity: number, onTaken?: () => void): SampleQueue<T> {
  let values: T[] = [],
    ended = false,
    failure: Error | undefined,
    dropped = 0,
    wake: (() => void) | undefined;

  const rouse = (): void => {
    wake?.();
    wake = undefined;
  };
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    failure = error;
    rouse();
  };

  return {
    capacity,
    get length() {
      return values.length;
    },
    get dropped() {
      return dropped;
    },
    push(value) {
      if (ended) return;
      if (values.length >= capacity) {
        values.shift();
        dropped++;
      }
      values.push(value);
      rouse();
    },
    end,
    clear() {
      values = [];
      failure = undefined;
      end();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = values.shift();
        if (next !== undefined) {
          onTaken?.();
          yield next;
        } else if (failure) throw failure;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
