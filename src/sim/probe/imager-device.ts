import { deviceSeconds, hostSeconds, type Device, type Sample } from "../../data/device.ts";
import { createPersistence } from "./persistence.ts";
import type { Image } from "../../data/image.ts";
import { pollTimes, type PolledImage } from "./polling.ts";

export interface ImagerTiming {
  readonly rateHz: number;
  /** From the moment the host asks to the time stamp that it gives: a polled device has no clock of its own. */
  readonly lagS: number;
  /** Share of a shown picture that is left after PERSISTENCE_S; 0 when left out. */
  readonly persistence?: number;
  /** Pictures that are rendered together; fewer come sooner, and keep fewer workers busy. BATCH when left out. */
  readonly together?: number;
}

/** Renders the pictures of a batch of true echo times (host clock), in order. */
export type RenderBatch = (trueTimesS: readonly number[], firstPicture: number) => Promise<readonly Image[]>;

/** Frames that are rendered together, so that several workers have something to do. */
const BATCH = 32;

/** A scanner that has a new picture whenever it is asked: every 1/rate seconds within the stretches. */
export function simulatedImager(
  stretches: readonly { readonly fromS: number; readonly toS: number }[],
  timing: ImagerTiming,
  render: RenderBatch,
): Device<Image> {
  const times = stretches.flatMap(({ fromS, toS }) => pollTimes(fromS, toS, timing.rateHz));
  const images = times.map((timeS, picture) => ({ pollS: timeS, echoS: timeS, picture }));
  return polledImager(images, timing, render);
}

/**
 * A simulated polled scanner. Like a Telemed polled by PLUS it has no clock of its own, so both times of a sample are the
 * host's, and late by the lag; a picture that the host gets twice comes twice, with two times.
 */
export function polledImager(images: readonly PolledImage[], timing: ImagerTiming, render: RenderBatch): Device<Image> {
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
          let pictures: readonly Image[] = [],
            first = 0,
            shown: Image | undefined,
            shownPicture = -1;
          for (const [sequence, { pollS, echoS, picture }] of images.entries()) {
            if (closed || signal.aborted) return;
            if (picture >= first + pictures.length) {
              first = picture;
              pictures = await render(picturesFrom(images, sequence, timing.together ?? BATCH), first);
            }
            if (closed || signal.aborted) return;
            if (!shown || picture !== shownPicture) {
              const rendered = pictures[picture - first]!;
              const { pixels } = rendered;
              shown = pixels instanceof Uint8Array ? { ...rendered, pixels: persist(pixels, echoS) } : rendered;
              shownPicture = picture;
            }
            const stampS = pollS + timing.lagS;
            yield {
              sequence,
              acquiredAt: deviceSeconds(stampS),
              receivedAt: hostSeconds(stampS),
              timeSource: "arrival",
              geometryEpoch: 0,
              value: shown,
            };
          }
        },
      };
    },
  };
}

/** Echo times of the next pictures, each once. */
function picturesFrom(images: readonly PolledImage[], from: number, most: number): number[] {
  const times: number[] = [];
  for (let i = from, last = -1; i < images.length && times.length < most; i++) {
    if (images[i]!.picture !== last) times.push(images[i]!.echoS);
    last = images[i]!.picture;
  }
  return times;
}
