import { Interrupted } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { ImageDevice, PoseDevice, Sample, TrackerFrame } from "../data/device.ts";
import type { Image, ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Sweep } from "../data/recording.ts";
import { createRecordingWriter } from "../io/mcap/writer.ts";

export interface Acquisition {
  readonly imager: ImageDevice;
  readonly tracker: PoseDevice;
  readonly geometry: ImageGeometry;
  readonly points: readonly DigitisedPoint[];
  readonly sweeps: readonly Sweep[];
  /** For progress only. */
  readonly expectedImages: number;
  /** Else a recording that is there already is never touched. */
  readonly overwrite: boolean;
}

/**
 * Drains both devices, in the order in which their samples arrive at the host, into a recording file. Simulator, replay
 * and drivers all come in by this door. Aborting keeps
 * what was written until then and throws Interrupted.
 */
export async function acquire(
  path: string,
  { imager, tracker, geometry, points, sweeps, expectedImages, overwrite }: Acquisition,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const images = await imager.open(signal);
  const poses = await tracker.open(signal);
  const writer = await createRecordingWriter(path, { overwrite });
  try {
    const { width, height } = geometry;
    writer.addImageDevice(imager.id, {
      width,
      height,
      pixelType: "u8",
      nominalGeometry: geometry,
      nominalRateHz: images.nominalRateHz,
    });
    writer.addPoseDevice(tracker.id, { nominalRateHz: poses.nominalRateHz });
    for (const point of points) await writer.writePoint(point);
    for (const sweep of sweeps) await writer.writeSweep(sweep);

    const nextImage = images[Symbol.asyncIterator](),
      nextPoses = poses[Symbol.asyncIterator]();
    let image: Sample<Image> | undefined = await take(nextImage),
      frame: Sample<TrackerFrame> | undefined = await take(nextPoses),
      count = 0;
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

async function take<T>(source: AsyncIterator<T>): Promise<T | undefined> {
  const { done, value } = await source.next();
  return done === true ? undefined : value;
}
