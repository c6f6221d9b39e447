import type { BoneMask } from "../../data/bone-mask.ts";
import { imageFromPixel, shownPixels, type GrayImage, type Image, type ImageGeometry } from "../../data/image.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import { pixelSizeMm } from "../../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import type { Segmenter } from "../build.ts";

/** What was found in an image, and how large its pixels were taken to be. */
export interface Looked {
  readonly mask: BoneMask;
  readonly pixelMm: readonly [number, number];
  /** The middle of the transducer's face. */
  readonly facePx: readonly [number, number];
}

export interface Look {
  at(image: Image, referenceFromPixel: Float64Array | undefined): Promise<Looked>;
  /** Starts the threads and loads the network, with noise to look at. */
  warmUp(): Promise<void>;
}

const WARM_UP_PX = 64;

/** Of a picture of which nothing is known: a knee is scanned so, and it is said on the page. */
const USUAL_DEPTH_MM = 50;

/**
 * Looks for bone in one image at a time, as the pipeline does in all of them. The size of a pixel is told by its pose,
 * else by the device, else by `depthMm` of the whole picture.
 */
export function createLook(
  segmenter: Segmenter,
  context: StageContext,
  geometry: ImageGeometry | undefined,
  depthMm = USUAL_DEPTH_MM,
): Look {
  const shown = geometry && shownPixels(geometry);
  async function at(image: Image, referenceFromPixel: Float64Array | undefined): Promise<Looked> {
    const { width, height } = image;
    const fits = geometry !== undefined && geometry.width === width && geometry.height === height;
    const guessed = depthMm / height;
    const place =
      referenceFromPixel ??
      imageFromPixel(fits ? geometry : { width, height, spacingMm: [guessed, guessed], faceCentrePx: [0, 0] });
    const frames: TrackedFrames = {
      count: 1,
      width,
      height,
      ...(fits ? { nominalGeometry: geometry } : {}),
      sourceIndex: Uint32Array.of(0),
      timeS: Float64Array.of(0),
      dropped: {},
      referenceFromPixel: place,
      read: async () => onlyEchoes(image, fits ? shown : undefined) as GrayImage,
    };
    const { masks } = await segmenter(frames, context);
    return {
      mask: masks[0]!,
      pixelMm: pixelSizeMm(place),
      facePx: fits ? geometry.faceCentrePx : [(width - 1) / 2, 0],
    };
  }
  return {
    at,
    async warmUp() {
      const pixels = Uint8Array.from({ length: WARM_UP_PX ** 2 }, () => 10 + context.rng.integer(100));
      const image = { width: WARM_UP_PX, height: WARM_UP_PX, pixels };
      await Promise.all(Array.from({ length: context.workers.size }, () => at(image, undefined)));
    },
  };
}

/** Text and rules outside the field of view are no echoes. Whether it is a gray picture is for the segmentation to say. */
function onlyEchoes(image: Image, shown: Uint8Array | undefined): Image {
  const { pixels } = image;
  if (!shown || !(pixels instanceof Uint8Array)) return image;
  return { ...image, pixels: pixels.map((gray, at) => (shown[at] === 1 ? gray : 0)) };
}
