import { Interrupted } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { DeviceStream, ImageDevice, PoseDevice, Sample, TrackerFrame } from "../data/device.ts";
import type { Image, ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Sweep } from "../data/recording.ts";
import { createRecordingWriter, type RecordingWriter } from "../io/mcap/writer.ts";

/** The devices of one scan, and what is known of it besides what they give. */
export interface Acquisition {
  readonly imager: ImageDevice;
  readonly tracker: PoseDevice;
  /** How the pixels lie, as the device declares it. */
  readonly geometry?: ImageGeometry;
  readonly points: readonly DigitisedPoint[];
  readonly sweeps: readonly Sweep[];
  /** For progress only. */
  readonly expectedImages: number;
}

export interface AcquireContext {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Else a recording that is there already is never touched. */
  readonly overwrite: boolean;
}

/**
 * Drains devices that wait for their reader (simulators, replays) into a recording file, in the order in which their
 * samples arrived at the host. Aborting keeps what was written until then and throws Interrupted. Devices that do not
 * wait are recorded by `recordDevices`.
 */
export async function acquire(
  path: string,
  { imager, tracker, geometry, points, sweeps, expectedImages }: Acquisition,
  { log, signal, overwrite }: AcquireContext,
): Promise<void> {
  const images = await imager.open(signal);
  const poses = await tracker.open(signal);
  const writer = await createRecordingWriter(path, { overwrite });
  try {
    const nextImage = images[Symbol.asyncIterator](),
      nextPoses = poses[Symbol.asyncIterator]();
    let image: Sample<Image> | undefined = await take(nextImage),
      frame: Sample<TrackerFrame> | undefined = await take(nextPoses),
      count = 0;
    if (image) describeImages(writer, imager.id, images, image.value, geometry);
    writer.addPoseDevice(tracker.id, { nominalRateHz: poses.nominalRateHz });
    for (const point of points) await writer.writePoint(point);
    for (const sweep of sweeps) await writer.writeSweep(sweep);
    while (image || frame) {
      if (image && (!frame || image.receivedAt <= frame.receivedAt)) {
        await writer.writeImage(imager.id, image);
        log.progress("acquire", ++count, expectedImages);
        image = await take(nextImage);
      } else if (frame) {
        await writer.writePoses(tracker.id, frame);
        frame = await take(nextPoses);
      }
    }
  } finally {
    await writer.close();
    await images.close();
    await poses.close();
  }
  if (signal.aborted) throw new Interrupted(`Interrupted: what was acquired until then is in ${path}`);
}

/** Adds the device whose first image this is. */
export function describeImages(
  writer: RecordingWriter,
  id: string,
  { nominalRateHz }: Pick<DeviceStream<Image>, "nominalRateHz">,
  { width, height, pixels }: Image,
  geometry: ImageGeometry | undefined,
): void {
  const pixelType = pixels instanceof Uint8Array ? "u8" : pixels instanceof Int16Array ? "i16" : "f32";
  const nominal = geometry ? { nominalGeometry: geometry } : {};
  writer.addImageDevice(id, { width, height, pixelType, ...nominal, nominalRateHz });
}

async function take<T>(source: AsyncIterator<T>): Promise<T | undefined> {
  const { done, value } = await source.next();
  return done === true ? undefined : value;
}
