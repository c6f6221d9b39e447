import { UnsuitableInputError } from "../../core/errors.ts";
import { shownPixels, type GrayImage } from "../../data/image.ts";
import type { ImageTrack, Recording } from "../../data/recording.ts";
import type { ImageFrames } from "../../data/tracked-frames.ts";

/** Throws an UnsuitableInputError when there are none. */
export function imagesOf({ images, name }: Recording): ImageTrack {
  if (images && images.count > 0) return images;
  throw new UnsuitableInputError(
    `${name} holds no images`,
    "Give a recording with an image stream; a tracker buffer alone cannot be reconstructed",
  );
}

/** Every image that is valid, for methods that need no tracker. */
export function allFrames(recording: Recording): ImageFrames {
  const { count, valid } = imagesOf(recording);
  const usable = Uint32Array.from({ length: count }, (_, i) => i).filter((i) => valid[i]);
  const dropped: Record<string, number> =
    usable.length < count ? { "image marked invalid": count - usable.length } : {};
  return { ...describeFrames(recording, usable), dropped };
}

/** The images of these indices, read when asked for. */
export function describeFrames(recording: Recording, sourceIndex: Uint32Array): Omit<ImageFrames, "dropped"> {
  const images = imagesOf(recording);
  const { width, height, nominalGeometry } = images;
  const shown = shownIn(images);
  return {
    count: sourceIndex.length,
    width,
    height,
    ...(nominalGeometry ? { nominalGeometry } : {}),
    sourceIndex,
    timeS: Float64Array.from(sourceIndex, (i) => images.acquiredAtS[i]!),
    async read(frame): Promise<GrayImage> {
      const image = await images.read(sourceIndex[frame]!);
      const { pixels } = image;
      if (pixels instanceof Uint8Array) {
        return { ...image, pixels: shown ? pixels.map((gray, at) => (shown[at] ? gray : 0)) : pixels };
      }
      throw new UnsuitableInputError(
        `${recording.name} has ${images.pixelType} pixels`,
        "Convert it to 8-bit B-mode images first",
      );
    },
  };
}

/** 1 for the pixels that show echoes; undefined when all do, or the device does not say. */
function shownIn({ width, height, nominalGeometry }: ImageTrack): Uint8Array | undefined {
  if (nominalGeometry?.width !== width || nominalGeometry.height !== height) return undefined;
  return shownPixels(nominalGeometry);
}
