import type { Device } from "../data/device.ts";
import { deviceSeconds, hostSeconds, type ImageDevice, type PoseDevice, type Sample } from "../data/device.ts";
import type { Recording } from "../data/recording.ts";
import { replayDevice } from "../hardware/replay/replay-device.ts";
import { replayImages, replayPoses } from "../hardware/replay/replay-recording.ts";
import { isNativeRecording } from "../io/mcap/devices.ts";
import type { Acquisition } from "./acquire.ts";
import { changeSamples } from "./change-samples.ts";
import type { LiveRig } from "./record-devices.ts";

/**
 * The devices of a recording as if they were here again. A native recording gives the samples that were written;
 * others know no devices, so theirs are made from images and poses. Throws UnsuitableInputError when images or poses
 * are missing.
 */
export function replayAcquisition(recording: Recording): Acquisition {
  const { images, points, sweeps } = recording;
  const { imager, tracker } = devicesOf(recording);
  return {
    imager,
    tracker,
    ...(images?.nominalGeometry ? { geometry: images.nominalGeometry } : {}),
    points,
    sweeps,
    expectedImages: images?.count ?? 0,
  };
}

function devicesOf(recording: Recording): { readonly imager: ImageDevice; readonly tracker: PoseDevice } {
  const recorded = isNativeRecording(recording) ? recording.devices : [];
  const imager = recorded.find((device) => device.kind === "image"),
    tracker = recorded.find((device) => device.kind === "pose");
  return {
    imager: imager ? replayDevice(imager) : replayImages(recording),
    tracker: tracker ? replayDevice(tracker) : replayPoses(recording),
  };
}

/** The same for a recording that may have images or poses alone: what it has not is left out. */
export function replayRig(recording: Recording): LiveRig {
  const { images, poses, points } = recording;
  const recorded = isNativeRecording(recording) ? recording.devices : [];
  const imager = recorded.find((device) => device.kind === "image"),
    tracker = recorded.find((device) => device.kind === "pose");
  const hasPoses = poses.some(({ parent, acquiredAtS }) => parent === "Tracker" && acquiredAtS.length > 0);
  return {
    ...(imager ? { imager: replayDevice(imager) } : images ? { imager: replayImages(recording) } : {}),
    ...(tracker ? { tracker: replayDevice(tracker) } : hasPoses ? { tracker: replayPoses(recording) } : {}),
    ...(images?.nominalGeometry ? { geometry: images.nominalGeometry } : {}),
    points,
    counters: () => ({}),
    notes: () => recording.warnings,
  };
}

/** When the first and the last sample of a recording arrived, host clock. */
export function arrivalSpan({ images, poses }: Recording): { readonly fromS: number; readonly toS: number } {
  let fromS = Infinity,
    toS = -Infinity;
  for (const track of [...(images ? [images] : []), ...poses]) {
    for (const timeS of track.receivedAtS) {
      fromS = Math.min(fromS, timeS);
      toS = Math.max(toS, timeS);
    }
  }
  return { fromS, toS };
}

/** What a clock shows when the right one shows 0, and by how much it runs faster (1e-4: 100 ppm). */
export interface ClockError {
  readonly offsetS: number;
  readonly skew: number;
}

/** The device with a clock that is wrong (more than it is already). */
export function withClock<T>(device: Device<T>, { offsetS, skew }: ClockError): Device<T> {
  if (offsetS === 0 && skew === 0) return device;
  const shown = (timeS: number) => deviceSeconds(offsetS + (1 + skew) * timeS);
  return changeSamples(device, (sample) => ({
    ...sample,
    acquiredAt: shown(sample.acquiredAt),
    ...(sample.clockReading && {
      clockReading: { ...sample.clockReading, deviceS: shown(sample.clockReading.deviceS) },
    }),
  }));
}

function later<T>(sample: Sample<T>, byS: number): Sample<T> {
  const { acquiredAt, receivedAt, clockReading: clock } = sample;
  return {
    ...sample,
    acquiredAt: deviceSeconds(acquiredAt + byS),
    receivedAt: hostSeconds(receivedAt + byS),
    ...(clock && {
      clockReading: {
        ...clock,
        deviceS: deviceSeconds(clock.deviceS + byS),
        hostS: hostSeconds(clock.hostS + byS),
      },
    }),
  };
}

/**
 * Gives a device again and again, `periodS` later each time. Times and sequence numbers go on, so that a reader sees
 * one long scan.
 */
export function repeated<T>(device: Device<T>, periodS: number): Device<T> {
  return {
    id: device.id,
    async open(signal) {
      let closed = false;
      const first = await device.open(signal);
      return {
        nominalRateHz: first.nominalRateHz,
        async close() {
          closed = true;
          await first.close();
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<T>> {
          let numbers = 0;
          for (let round = 0; !closed && !signal.aborted; round++) {
            const stream = round === 0 ? first : await device.open(signal);
            let before = numbers;
            try {
              for await (const sample of stream) {
                if (closed) return;
                before = numbers + sample.sequence;
                yield later({ ...sample, sequence: before }, round * periodS);
              }
            } finally {
              await stream.close();
            }
            if (before === numbers) return; // nothing to give again
            numbers = before + 1;
          }
        },
      };
    },
  };
}
