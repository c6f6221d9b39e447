/** Recorded arrival time `recordS` is played at `hostS` of the host's clock. */
export interface Origin {
  readonly hostS: number;
  readonly recordS: number;
}

/**
 * Keeps players of parts of one recording in step. Playing begins when all of them have a client, or when the first one
 * has had one for `patienceS`; who comes later joins where the others are. When all have left, the next one to come
 * begins at the beginning.
 */
export interface Timeline {
  /** Resolves when playing begins. */
  join(): Promise<Origin>;
  leave(): void;
  /** Undefined while nothing plays. */
  readonly origin: Origin | undefined;
}

export function createTimeline(
  players: number,
  { recordS, patienceS, nowS }: { readonly recordS: number; readonly patienceS: number; readonly nowS: () => number },
): Timeline {
  let origin: Origin | undefined,
    waiting: ((begun: Origin) => void)[] = [],
    playing = 0,
    impatience: NodeJS.Timeout | undefined;

  function begin(): void {
    clearTimeout(impatience);
    impatience = undefined;
    const begun = (origin = { hostS: nowS(), recordS });
    playing = waiting.length;
    for (const go of waiting) go(begun);
    waiting = [];
  }

  return {
    get origin() {
      return origin;
    },
    async join() {
      if (origin) {
        playing++;
        return origin;
      }
      return new Promise<Origin>((resolve) => {
        waiting.push(resolve);
        if (waiting.length >= players) begin();
        else impatience ??= setTimeout(begin, patienceS * 1000).unref();
      });
    },
    leave() {
      playing = Math.max(0, playing - 1);
      if (playing === 0) origin = undefined;
    },
  };
}
