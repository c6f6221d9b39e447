/** Between a socket that does not wait and a reader that may: bounded, and what is dropped is the oldest. */
export class SampleQueue<T> implements AsyncIterable<T> {
  dropped = 0;
  private readonly limit: number;
  private readonly items: T[] = [];
  private readonly readers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  private ended = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(item: T): void {
    if (this.ended) return;
    const reader = this.readers.shift();
    if (reader) {
      reader({ done: false, value: item });
      return;
    }
    this.items.push(item);
    if (this.items.length <= this.limit) return;
    this.items.shift();
    this.dropped++;
  }

  /** What is queued is still read, unless `discard`. */
  end(discard: boolean): void {
    this.ended = true;
    if (discard) this.items.length = 0;
    for (const reader of this.readers.splice(0)) reader({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.items.length > 0) return { done: false, value: this.items.shift()! };
    if (this.ended) return { done: true, value: undefined };
    return await new Promise((resolve) => this.readers.push(resolve));
  }

  /** Several readers share the queue: each item goes to one of them. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: async () => await this.next() };
  }
}
