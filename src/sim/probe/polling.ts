import type { Rng } from "../../core/rng.ts";

/** How a host polls a scanner that makes pictures in its own time and tells nobody when it has one. */
export interface Polling {
  /** How often the host asks. */
  readonly rateHz: number;
  /** Pictures that the scanner makes in a second. */
  readonly scannerRateHz: number;
  /** Mean by which the host asks late (exponential), seconds. */
  readonly pollDelayS: number;
  /** Share of the times at which the busy host does not ask at all. */
  readonly skipShare: number;
}

/** One image as the host gets it. Times of the host's clock, seconds. */
export interface PolledImage {
  /** When the host asked. */
  readonly pollS: number;
  /** When the scanner had finished the picture that it gave: the last before the host asked. */
  readonly echoS: number;
  /** Which of the distinct pictures it is; equal to the one before when the scanner had no new one. */
  readonly picture: number;
}

/** Within [fromS, toS] of each stretch; pictures are counted through all of them. */
export function pollScanner(
  stretches: readonly { readonly fromS: number; readonly toS: number }[],
  { rateHz, scannerRateHz, pollDelayS, skipShare }: Polling,
  rng: Rng,
): PolledImage[] {
  const phase = rng.fork("phase").uniform() / scannerRateHz;
  const delay = rng.fork("delay"),
    skip = rng.fork("skip");
  const images: PolledImage[] = [];
  let picture = -1,
    lastFrame = -Infinity;
  for (const { fromS, toS } of stretches) {
    let lastPollS = -Infinity;
    for (const dueS of pollTimes(fromS, toS, rateHz)) {
      const lateS = -pollDelayS * Math.log(1 - delay.uniform());
      const skipped = skip.uniform() < skipShare;
      const pollS = Math.max(dueS + lateS, lastPollS + LEAST_APART_S);
      const frame = Math.floor((pollS - phase) * scannerRateHz);
      const echoS = phase + frame / scannerRateHz;
      if (skipped || pollS > toS || echoS < fromS) continue;
      if (frame !== lastFrame) picture++;
      lastFrame = frame;
      lastPollS = pollS;
      images.push({ pollS, echoS, picture });
    }
  }
  return images;
}

const LEAST_APART_S = 1e-4;

/** Multiples of the polling period within [fromS, toS]: the host does not know when a stroke begins. */
export function pollTimes(fromS: number, toS: number, rateHz: number): number[] {
  const first = Math.ceil(fromS * rateHz - 1e-9),
    last = Math.floor(toS * rateHz + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) / rateHz);
}
