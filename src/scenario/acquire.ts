import { Interrupted } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { DeviceStream, ImageDevice, PoseDevice, Sample, TrackerFrame } from "../data/device.ts";
import type { Image, ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Sweep } from "../data/recording.ts";
import { EARTH_FRAME } from "../data/inertial.ts";
import { createRecordingWriter, type RecordingWriter } from "../io/mcap/writer.ts";

/** The devices of one scan, and what is known of it besides what they give. */
export interface Acquisition {
  readonly imager: ImageDevice;
  readonly tracker: PoseDevice;
  /** Further sensors that give poses at their own rate: an orientation sensor on the probe. */
  readonly sensors?: readonly PoseDevice[];
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
  { imager, tracker, sensors = [], geometry, points, sweeps, expectedImages }: Acquisition,
  { log, signal, overwrite }: AcquireContext,
): Promise<void> {
  const images = await imager.open(signal);
  const others: PoseSource[] = [];
  for (const device of [tracker, ...sensors]) {
    const stream = await device.open(signal);
    others.push({ id: device.id, stream, samples: stream[Symbol.asyncIterator](), next: undefined });
  }
  const writer = await createRecordingWriter(path, { overwrite });
  try {
    const nextImage = images[Symbol.asyncIterator]();
    let image: Sample<Image> | undefined = await take(nextImage),
      count = 0;
    for (const source of others) source.next = await take(source.samples);
    if (image) describeImages(writer, imager.id, images, image.value, geometry);
    for (const { id, stream } of others) writer.addPoseDevice(id, poseDevice(id, stream, tracker.id));
    for (const point of points) await writer.writePoint(point);
    for (const sweep of sweeps) await writer.writeSweep(sweep);
    for (;;) {
      const first = earliest(others);
      if (image && (!first?.next || image.receivedAt <= first.next.receivedAt)) {
        await writer.writeImage(imager.id, image);
        log.progress("acquire", ++count, expectedImages);
        image = await take(nextImage);
      } else if (first?.next) {
        await writer.writePoses(first.id, first.next);
        first.next = await take(first.samples);
      } else break;
    }
  } finally {
    await writer.close();
    await images.close();
    for (const { stream } of others) await stream.close();
  }
  if (signal.aborted) throw new Interrupted(`Interrupted: what was acquired until then is in ${path}`);
}

interface PoseSource {
  readonly id: string;
  readonly stream: DeviceStream<TrackerFrame>;
  readonly samples: AsyncIterator<Sample<TrackerFrame>>;
  next: Sample<TrackerFrame> | undefined;
}

/** The one whose next sample arrived first; of several at once the first in the list. */
const earliest = (sources: readonly PoseSource[]): PoseSource | undefined =>
  sources.reduce<PoseSource | undefined>(
    (best, source) => (source.next && (!best?.next || source.next.receivedAt < best.next.receivedAt) ? source : best),
    undefined,
  );

/** Poses of a tracker are relative to it, those of an orientation sensor to the earth. */
const poseDevice = (id: string, { nominalRateHz }: DeviceStream<TrackerFrame>, trackerId: string) => ({
  nominalRateHz,
  ...(id === trackerId ? {} : { parent: EARTH_FRAME }),
});

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
