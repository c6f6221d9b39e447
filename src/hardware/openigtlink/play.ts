import type { Device, DeviceStream, Sample, TrackerFrame } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { IgtlServer } from "./server.ts";

export interface PlayOptions {
  readonly server: IgtlServer;
  readonly images?: Device<Image>;
  readonly poses?: Device<TrackerFrame>;
  /** What the clock of PLUS's computer (UTC seconds) shows when the host clock of the devices shows 0. */
  readonly startUtcS: number;
  /** Seconds of that clock per second of the devices' host clock, minus 1. */
  readonly clockSkew?: number;
  /** Resolves when it is this time on the host clock of the devices; at once, for full speed. */
  readonly paceTo: (hostTimeS: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** "Image_Image" as PLUS calls it. */
  readonly imageDevice?: string;
  /** mm a pixel, which goes with the images. */
  readonly spacingMm?: readonly [number, number];
}

export interface Played {
  readonly images: number;
  readonly poseFrames: number;
}

/**
 * Plays two devices as PlusServer would serve them: in the order of their arrival, and stamped, as PLUS stamps, with
 * the host's time of arrival; the trackers' own times do not travel. Waits for slow readers, so they lose nothing.
 */
export async function playAsPlus(options: PlayOptions): Promise<Played> {
  const { server, startUtcS, clockSkew = 0, paceTo, signal, imageDevice = "Image_Image", spacingMm } = options;
  const images = await options.images?.open(signal),
    poses = await options.poses?.open(signal);
  let imageCount = 0,
    poseFrames = 0;
  try {
    for await (const next of inOrderOfArrival(images, poses)) {
      await paceTo(next.sample.receivedAt);
      await server.ready();
      if (signal.aborted) break;
      const timeS = startUtcS + (1 + clockSkew) * next.sample.receivedAt;
      if (next.kind === "image") {
        server.publishImage(imageDevice, next.sample.value, { timeS, ...(spacingMm ? { spacingMm } : {}) });
        imageCount++;
      } else {
        server.publishPoses(next.sample.value.tools, { timeS });
        poseFrames++;
      }
    }
  } finally {
    await images?.close();
    await poses?.close();
  }
  return { images: imageCount, poseFrames };
}

type Next =
  | { readonly kind: "image"; readonly sample: Sample<Image> }
  | { readonly kind: "poses"; readonly sample: Sample<TrackerFrame> };

async function* inOrderOfArrival(
  images: DeviceStream<Image> | undefined,
  poses: DeviceStream<TrackerFrame> | undefined,
): AsyncGenerator<Next> {
  const fromImages = images?.[Symbol.asyncIterator](),
    fromPoses = poses?.[Symbol.asyncIterator]();
  let image = await take(fromImages),
    frame = await take(fromPoses);
  while (image || frame) {
    if (image && (!frame || image.receivedAt <= frame.receivedAt)) {
      yield { kind: "image", sample: image };
      image = await take(fromImages);
    } else if (frame) {
      yield { kind: "poses", sample: frame };
      frame = await take(fromPoses);
    }
  }
}

async function take<T>(source: AsyncIterator<T> | undefined): Promise<T | undefined> {
  const next = await source?.next();
  return next === undefined || next.done === true ? undefined : next.value;
}
