import type { HostClock } from "./host-clock.ts";
import type { PlayOrigin } from "./server.ts";

/**
 * The origin of `count` servers that play parts of one recording: each waits until all have a client, then all begin
 * at one moment, so that what was simultaneous stays simultaneous. `recordS`: the recorded time to begin at.
 */
export function playTogether(count: number, recordS: number, clock: HostClock): () => Promise<PlayOrigin> {
  let waiting: ((origin: PlayOrigin) => void)[] = [];
  return async () =>
    await new Promise<PlayOrigin>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < count) return;
      const origin = { hostS: clock.nowS(), recordS };
      for (const go of waiting) go(origin);
      waiting = [];
    });
}
