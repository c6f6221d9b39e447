import { UnsuitableInputError } from "../../core/errors.ts";
import type { Image } from "../../data/image.ts";
import type { MetadataEntry, Timestamp } from "./envelope.ts";
import { centreMatrix, samplesOf, type ImageBody } from "./messages/image.ts";
import { message, type Message } from "./protocol.ts";

/** An image in its own frame: pixel (0, 0) at the origin, columns along x and rows along y, as PLUS's Image_Image. */
export function imageMessage(
  device: string,
  { width, height, pixels }: Image,
  [sx, sy]: readonly [number, number],
  timestamp: Timestamp,
  metadata: readonly MetadataEntry[],
): Message {
  const size = [width, height, 1] as const;
  const corner = Float64Array.of(sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, Math.min(sx, sy), 0);
  const body: ImageBody = {
    type: "IMAGE",
    components: 1,
    scalar: pixels instanceof Uint8Array ? "u8" : pixels instanceof Int16Array ? "i16" : "f32",
    byteOrder: "little",
    coordinates: "RAS",
    size,
    matrix: centreMatrix(corner, size),
    offset: [0, 0, 0],
    partSize: size,
    data: littleEndian(pixels),
  };
  return message(body, { device: device.slice(0, 20), timestamp, metadata });
}

/** A copy: what is queued must not change under the sender. */
function littleEndian(pixels: Image["pixels"]): Uint8Array {
  if (pixels instanceof Uint8Array) return pixels.slice();
  const out = new Uint8Array(pixels.byteLength),
    view = new DataView(out.buffer);
  if (pixels instanceof Int16Array) pixels.forEach((x, i) => view.setInt16(i * 2, x, true));
  else pixels.forEach((x, i) => view.setFloat32(i * 4, x, true));
  return out;
}

/** Rec. 601: what the eye sees of red, green and blue. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * The gray image of a message: one slice, whole. Colours become their brightness. Bytes stay bytes (and share the
 * message's memory); signed words stay words; all else becomes 32-bit floats. An UnsuitableInputError says what the
 * image has too much of.
 */
export function grayImage(body: ImageBody): Image {
  const [width, height, depth] = body.partSize;
  if (depth !== 1) throw unsuitable(`has ${depth} slices`);
  if (body.size.some((n, axis) => n !== body.partSize[axis])) throw unsuitable("is only a part of a larger one");
  const samples = samplesOf(body),
    { components } = body;
  if (components === 1) {
    if (samples instanceof Uint8Array || samples instanceof Int16Array) return { width, height, pixels: samples };
    return { width, height, pixels: Float32Array.from(samples) };
  }
  if (components !== 3 && components !== 4) throw unsuitable(`has ${components} components a pixel`);
  const count = width * height;
  const pixels = body.scalar === "u8" ? new Uint8Array(count) : new Float32Array(count);
  for (let i = 0, at = 0; i < count; i++, at += components) {
    const value = LUMA[0] * samples[at]! + LUMA[1] * samples[at + 1]! + LUMA[2] * samples[at + 2]!;
    pixels[i] = body.scalar === "u8" ? Math.round(value) : value;
  }
  return { width, height, pixels };
}

const unsuitable = (problem: string): UnsuitableInputError =>
  new UnsuitableInputError(`The image ${problem}`, "Have the server send whole two-dimensional gray images");
