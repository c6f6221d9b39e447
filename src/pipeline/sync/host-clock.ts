import type { Recording } from "../../data/recording.ts";
import { hostTimes } from "./clock-segments.ts";

/**
 * The recording with the acquisition times of free-running devices on the host's clock, so that images and poses share
 * one. Recordings whose samples belong together by index are given back as they are.
 */
export function onHostClock(recording: Recording): Recording {
  if (recording.pairing === "by-index") return recording;
  const { images } = recording;
  return {
    ...recording,
    images: images && withTimes(images, hostTimes(images)),
    poses: recording.poses.map((track) => {
      const { clock: _, ...rest } = track;
      return { ...rest, acquiredAtS: hostTimes(track) };
    }),
    close: () => recording.close(),
  };
}

/** Image tracks may be class instances, whose methods a spread would lose. */
function withTimes(images: NonNullable<Recording["images"]>, acquiredAtS: Float64Array): typeof images {
  const { width, height, pixelType, count, nominalGeometry, receivedAtS, geometryEpoch, valid } = images;
  return {
    width,
    height,
    pixelType,
    count,
    ...(nominalGeometry ? { nominalGeometry } : {}),
    acquiredAtS,
    receivedAtS,
    ...(geometryEpoch ? { geometryEpoch } : {}),
    valid,
    read: (index) => images.read(index),
  };
}
