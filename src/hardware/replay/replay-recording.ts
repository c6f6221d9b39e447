import { UnsuitableInputError } from "../../core/errors.ts";
import {
  deviceSeconds,
  hostSeconds,
  type ImageDevice,
  type PoseDevice,
  type Sample,
  type ToolReading,
  type TrackerFrame,
} from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { ImageTrack, PoseTrack, Recording } from "../../data/recording.ts";
import type { Pace } from "./pace.ts";
import { replayDevice } from "./replay-device.ts";

/**
 * The images of any recording. Those whose pixels cannot be used are left out, and leave a gap in the sequence.
 * Throws UnsuitableInputError when there are no images.
 */
export function replayImages({ name, images }: Recording, pace?: Pace): ImageDevice {
  if (!images)
    throw new UnsuitableInputError(`${name} has no images`, "Replay a recording that has, or only its poses");
  const { acquiredAtS } = images;
  return replayDevice(
    { id: "replay-images", nominalRateHz: rateOf(acquiredAtS), samples: () => imageSamples(images) },
    pace,
  );
}

async function* imageSamples(images: ImageTrack): AsyncGenerator<Sample<Image>> {
  for (let i = 0; i < images.count; i++) {
    if (images.valid[i] === 0) continue;
    const value = await images.read(i);
    yield { ...stampOf(images, i), value };
  }
}

/**
 * The tools that `parent` (the tracker) reports, one tracker frame per instant of the recording. Throws
 * UnsuitableInputError when there is no such tool.
 */
export function replayPoses(recording: Recording, options: { readonly parent?: string } = {}, pace?: Pace): PoseDevice {
  const { parent = "Tracker" } = options;
  const tracks = recording.poses.filter((track) => track.parent === parent && track.acquiredAtS.length > 0);
  if (tracks.length === 0) {
    const parents = [...new Set(recording.poses.map((track) => track.parent))].join(", ");
    throw new UnsuitableInputError(
      `${recording.name} has no poses relative to ${parent}`,
      `It has poses relative to: ${parents || "nothing"}`,
    );
  }
  const rateHz = rateOf(tracks[0]!.acquiredAtS);
  return replayDevice({ id: "replay-poses", nominalRateHz: rateHz, samples: () => frameSamples(tracks) }, pace);
}

/** Tools that have a sample at the very same time share a frame. */
function* frameSamples(tracks: readonly PoseTrack[]): Generator<Sample<TrackerFrame>> {
  const next = tracks.map(() => 0);
  for (let sequence = 0; ; sequence++) {
    const times = tracks.map((track, k) => track.acquiredAtS[next[k]!] ?? Infinity);
    const timeS = Math.min(...times);
    if (timeS === Infinity) return;
    const tools: ToolReading[] = [];
    let receivedS = -Infinity;
    tracks.forEach((track, k) => {
      if (times[k] !== timeS) return;
      const i = next[k]!;
      tools.push(readingOf(track, i));
      receivedS = Math.max(receivedS, track.receivedAtS[i]!);
      next[k] = i + 1;
    });
    yield {
      sequence,
      acquiredAt: deviceSeconds(timeS),
      receivedAt: hostSeconds(receivedS),
      timeSource: "device",
      geometryEpoch: 0,
      value: { tools },
    };
  }
}

function readingOf({ tool, status, parentFromTool, fitRmsMm }: PoseTrack, i: number): ToolReading {
  const state = status[i] ?? "unknown";
  if (state !== "tracked") return { tool, status: state };
  return { tool, status: state, trackerFromTool: parentFromTool.slice(12 * i, 12 * i + 12), fitRmsMm: fitRmsMm[i]! };
}

function stampOf({ acquiredAtS, receivedAtS }: ImageTrack, i: number): Omit<Sample<Image>, "value"> {
  return {
    sequence: i,
    acquiredAt: deviceSeconds(acquiredAtS[i]!),
    receivedAt: hostSeconds(receivedAtS[i]!),
    timeSource: "device",
    geometryEpoch: 0,
  };
}

/** Of the median interval; 0 when there are not two samples. */
function rateOf(timesS: Readonly<Float64Array>): number {
  const intervals = Array.from(timesS.subarray(1), (timeS, i) => timeS - timesS[i]!)
    .filter((interval) => interval > 0)
    .sort((a, b) => a - b);
  const median = intervals[intervals.length >> 1];
  return median === undefined ? 0 : 1 / median;
}
