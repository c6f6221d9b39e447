/** How fast recorded samples are given out. */
export type Pace =
  | { readonly kind: "full-speed" }
  /** Each at the time at which it once arrived, counted from the first of its own device. */
  | {
      readonly kind: "as-recorded";
      readonly clock: PaceClock;
      /** 2 plays twice as fast. */
      readonly speed: number;
      /** Recorded host time that belongs to the start; give devices that belong together the same. */
      readonly fromS?: number;
    };

/** Passed in, so that tests and simulations wait for nothing. */
export interface PaceClock {
  nowS(): number;
  /** Resolves then, or as soon as `signal` is aborted. Leaves no timer behind. */
  sleepUntil(timeS: number, signal: AbortSignal): Promise<void>;
}

/** Node's timers count whole milliseconds, and wake up to one early: what is left then is waited for turn by turn. */
const TIMER_MS = 1;

/** The computer's own steady clock. */
export const realPaceClock: PaceClock = {
  nowS: () => performance.now() / 1000,
  async sleepUntil(timeS, signal) {
    for (;;) {
      const leftMs = timeS * 1000 - performance.now();
      if (leftMs <= 0 || signal.aborted) return;
      await (leftMs > TIMER_MS ? timer(leftMs - TIMER_MS, signal) : new Promise<void>((next) => setImmediate(next)));
    }
  },
};

async function timer(waitMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(running);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const running = setTimeout(finish, waitMs);
    signal.addEventListener("abort", finish);
  });
}
