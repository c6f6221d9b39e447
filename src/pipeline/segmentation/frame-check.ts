import { UnsuitableInputError } from "../../core/errors.ts";
import type { GrayImage, Image } from "../../data/image.ts";
import type { FrameFlag } from "../../data/bone-mask.ts";

/** What the frames of a recording are said to be. */
interface Expected {
  readonly width: number;
  readonly height: number;
}

/**
 * Throws UnsuitableInputError, naming the frame, for one that cannot be read as a gray picture of the recording's size:
 * another size, several values a pixel, values that are no gray levels.
 */
export function checkFrame(image: Image, { width, height }: Expected, frame: number): GrayImage {
  const { pixels } = image;
  if (image.width !== width || image.height !== height) {
    throw new UnsuitableInputError(
      `frame ${frame} has ${image.width}x${image.height} pixels and the recording ${width}x${height}`,
      "Cut or scale the frames to one size, and give the calibration of that size",
    );
  }
  if (pixels.length !== width * height) {
    const channels = pixels.length / (width * height);
    throw new UnsuitableInputError(
      `frame ${frame} has ${pixels.length} values for ${width}x${height} pixels` +
        (channels === 3 || channels === 4 ? `: colours, ${channels} values a pixel` : ""),
      "Give one gray value a pixel",
    );
  }
  if (pixels instanceof Uint8Array) return { width, height, pixels };
  const wrong = pixels.findIndex((value) => !Number.isFinite(value));
  throw new UnsuitableInputError(
    wrong >= 0
      ? `frame ${frame} has the value ${pixels[wrong]} in column ${wrong % width}, row ${Math.floor(wrong / width)}`
      : `frame ${frame} has values of another kind than gray levels of 8 bits`,
    "Bring the frames to gray levels of 8 bits",
  );
}

/** Up to this a pixel is black; see findAperture. */
const BLACK = 2;
/** From this gray level on a display has nothing left to say. */
const WHITE = 250;
/** A frame is black when fewer of its pixels are lit than this, and white when more of the lit ones are white than that. */
const LEAST_LIT = 0.005;
const MOST_WHITE = 0.6;

/** Why no bone can be looked for in a frame; undefined for a picture. */
export function flagOf({ pixels }: GrayImage): FrameFlag | undefined {
  let lit = 0,
    white = 0;
  for (let at = 0; at < pixels.length; at++) {
    if (pixels[at]! > BLACK) lit++;
    if (pixels[at]! >= WHITE) white++;
  }
  if (lit < LEAST_LIT * pixels.length) return "empty";
  return white > MOST_WHITE * lit ? "saturated" : undefined;
}

/** One sentence for each kind of frame in which no bone could be looked for. */
export function flagSentences(flags: readonly (FrameFlag | undefined)[]): string[] {
  const words = { empty: "black", saturated: "white nearly everywhere" } as const;
  return (["empty", "saturated"] as const).flatMap((flag) => {
    const count = flags.filter((f) => f === flag).length;
    const verb = count === 1 ? "is" : "are";
    return count === 0
      ? []
      : [`${count} of ${flags.length} frames ${verb} ${words[flag]}: no bone was looked for in them (${flag}).`];
  });
}
