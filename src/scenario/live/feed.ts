import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../../core/errors.ts";
import type { DeviceStream, Sample, TrackerFrame } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import { openBoth, type OpenedDevices } from "../record-devices.ts";
import type { LiveSource } from "./live-source.ts";

/** What is done with what a source gives. None of these waits but `ready`. */
export interface FeedSink {
  opened(rates: { readonly imageHz: number | undefined; readonly posesHz: number | undefined }): void;
  image(sample: Sample<Image>): void;
  poses(sample: Sample<TrackerFrame>): void;
  /** Resolves when the last image is done with: for sources that wait. */
  ready(): Promise<void>;
  /** The devices are gone and are tried again. */
  lost(reason: string): void;
}

/** Between two attempts at devices that are gone. */
const AGAIN_MS = 1000;
/** When the images have ended, the poses are on their way out, too. */
const OTHER_END_MS = 1000;

/**
 * Reads a source until it ends or `signal` aborts. Devices that may come back are opened again and again, and never end.
 * Throws what a source that cannot come back throws.
 */
export async function feed(source: LiveSource, sink: FeedSink, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      const opened = await openBoth(source.rig.imager, source.rig.tracker, signal);
      sink.opened({ imageHz: opened.images?.nominalRateHz, posesHz: opened.poses?.nominalRateHz });
      await (source.pace === "own" ? drain(opened, sink, signal) : drainInOrder(opened, sink, signal));
      if (!source.returns || signal.aborted) return;
      sink.lost("the source said goodbye");
    } catch (error) {
      if (signal.aborted || error instanceof Interrupted) return;
      if (!source.returns) throw error;
      sink.lost(error instanceof Error ? error.message : String(error));
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function drain({ images, poses }: OpenedDevices, sink: FeedSink, signal: AbortSignal): Promise<void> {
  const close = (): void => {
    void images?.close();
    void poses?.close();
  };
  signal.addEventListener("abort", close, { once: true });
  let grace: NodeJS.Timeout | undefined;
  try {
    await Promise.all([
      images &&
        each(images, (sample) => sink.image(sample)).finally(() => {
          grace = setTimeout(() => void poses?.close(), OTHER_END_MS);
        }),
      poses && each(poses, (sample) => sink.poses(sample)),
    ]);
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", close);
    await Promise.all([images?.close(), poses?.close()]);
  }
}

async function each<T>(stream: DeviceStream<T>, take: (sample: Sample<T>) => void): Promise<void> {
  for await (const sample of stream) take(sample);
}

/** Both in the order in which they once arrived, the next image when the one before is done with. */
async function drainInOrder({ images, poses }: OpenedDevices, sink: FeedSink, signal: AbortSignal): Promise<void> {
  const frames = poses?.[Symbol.asyncIterator]();
  try {
    let frame = await frames?.next();
    for await (const image of images ?? []) {
      // One pose beyond the image, to interpolate to.
      while (frame && !frame.done) {
        sink.poses(frame.value);
        if (frame.value.receivedAt > image.receivedAt) break;
        frame = await frames!.next();
      }
      if (frame && !frame.done) frame = await frames!.next();
      if (signal.aborted) return;
      sink.image(image);
      await sink.ready();
    }
  } finally {
    await Promise.all([images?.close(), poses?.close()]);
  }
}
