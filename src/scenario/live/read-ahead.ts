/** Values of a source that waits for its reader, taken before they are asked for. */
export interface ReadAhead<T> {
  /** Whether the next one is there. */
  readonly ready: boolean;
  /** Undefined when there are no more. */
  next(): Promise<T | undefined>;
}

/** Holds at most `ahead` values. Throws from `next` what the source throws. */
export function createReadAhead<T>(source: AsyncIterable<T>, ahead: number, signal: AbortSignal): ReadAhead<T> {
  const values: T[] = [];
  let ended = false,
    failure: unknown,
    arrived: () => void = () => undefined,
    taken: () => void = () => undefined;
  const fill = async (): Promise<void> => {
    try {
      for await (const value of source) {
        values.push(value);
        arrived();
        while (values.length >= ahead && !signal.aborted) await new Promise<void>((resolve) => (taken = resolve));
        if (signal.aborted) return;
      }
    } catch (error) {
      failure = error;
    } finally {
      ended = true;
      arrived();
    }
  };
  signal.addEventListener("abort", () => taken(), { once: true });
  void fill();
  return {
    get ready() {
      return values.length > 0;
    },
    async next() {
      while (values.length === 0 && !ended) await new Promise<void>((resolve) => (arrived = resolve));
      const value = values.shift();
      taken();
      if (value === undefined && failure !== undefined) throw failure;
      return value;
    },
  };
}
