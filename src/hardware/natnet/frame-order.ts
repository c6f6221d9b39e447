/** What the frame numbers said; a gap counts every number in it. */
export interface OrderCounters {
  lost: number;
  duplicates: number;
  late: number;
  /** Frames that came out of order and were put back into it. */
  reordered: number;
  /** Times at which the numbers began anew. */
  restarts: number;
}

export interface Ordered<T> {
  /** Counts up across wraps and restarts; a gap is lost frames. */
  readonly sequence: number;
  /** Changes when the numbers began anew. */
  readonly run: number;
  readonly item: T;
}

/** Frames that wait for a missing one before it is given up: the disorder that a switched network makes. */
const WINDOW = 2;
/** Numbers this far back are late; further back the server counts anew (a restart, a take played again). */
const LATE_LIMIT = 256;
/** That many frames in a row that bring nothing new are a restart, too. */
const OLD_IN_A_ROW = 8;

/** Puts frames into the order of their numbers (i32 that wrap), once each. */
export class FrameOrder<T> {
  readonly counters: OrderCounters = { lost: 0, duplicates: 0, late: 0, reordered: 0, restarts: 0 };
  private last: { number: number; sequence: number } | undefined;
  private waiting: { number: number; item: T }[] = [];
  private recent = new Set<number>();
  private oldInARow = 0;
  private run = 0;
  private anew = false;

  /** Frames that are now due, in order. */
  push(number: number, item: T): Ordered<T>[] {
    const { last } = this;
    if (!last) return [this.emit(number, number, item)];
    const ahead = (number - last.number) | 0;
    if (ahead < -LATE_LIMIT || (ahead <= 0 && this.anew)) return this.restart(number, item);
    this.anew = false;
    if (ahead <= 0) {
      if (++this.oldInARow >= OLD_IN_A_ROW) return this.restart(number, item);
      if (this.recent.has(number)) this.counters.duplicates++;
      else this.counters.late++;
      return [];
    }
    if (this.waiting.some((other) => other.number === number)) {
      this.counters.duplicates++;
      return [];
    }
    this.oldInARow = 0;
    if (this.waiting.some((other) => ((other.number - number) | 0) > 0)) this.counters.reordered++;
    this.waiting.push({ number, item });
    this.waiting.sort((a, b) => (a.number - b.number) | 0);
    return this.release(WINDOW);
  }

  /** The server was lost and found: a next frame that is not ahead is the first of another count. */
  beginAnew(): void {
    this.anew = this.last !== undefined;
  }

  /** Gives up on what is missing: everything that waits is due. */
  flush(): Ordered<T>[] {
    return this.release(0);
  }

  private release(window: number): Ordered<T>[] {
    const due: Ordered<T>[] = [];
    while (this.waiting.length > 0) {
      const { number, item } = this.waiting[0]!,
        last = this.last!;
      const ahead = (number - last.number) | 0;
      if (ahead > 1 && this.waiting.length <= window) break;
      this.waiting.shift();
      this.counters.lost += ahead - 1;
      due.push(this.emit(number, last.sequence + ahead, item));
    }
    return due;
  }

  private restart(number: number, item: T): Ordered<T>[] {
    const due = this.flush();
    this.anew = false;
    this.counters.restarts++;
    this.run++;
    this.recent.clear();
    due.push(this.emit(number, this.last!.sequence + 1, item));
    return due;
  }

  private emit(number: number, sequence: number, item: T): Ordered<T> {
    this.last = { number, sequence };
    this.oldInARow = 0;
    this.recent.add(number);
    if (this.recent.size > LATE_LIMIT) {
      const [oldest] = this.recent;
      if (oldest !== undefined) this.recent.delete(oldest);
    }
    return { sequence, run: this.run, item };
  }
}
