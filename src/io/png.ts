import { PNG } from "pngjs";
import { FormatError } from "../core/errors.ts";

/** Eight bits a channel, rows of columns; `pixels` holds width · height · channels bytes. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

export interface PngLimits {
  readonly maxPixels: number;
}

/** 64 Mpx: decoded as RGBA that is 256 MB, far above any ultrasound frame or report picture. */
const DEFAULT_LIMITS: PngLimits = { maxPixels: 1 << 26 };

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** `pixels`: gray (width · height bytes) or RGB (three times that); anything else is a RangeError. */
export function encodePng(image: {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}): Uint8Array {
  const { width, height, pixels } = image;
  const count = width * height;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`a PNG of ${width} x ${height} pixels cannot be made`);
  }
  if (pixels.length !== count && pixels.length !== 3 * count) {
    throw new RangeError(`${pixels.length} bytes are neither gray nor RGB for ${width} x ${height} pixels`);
  }
  const gray = pixels.length === count;
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  // pngjs takes gray and RGB input as they are and writes the same colour type: no detour over RGBA.
  return PNG.sync.write(png, {
    bitDepth: 8,
    colorType: gray ? 0 : 2,
    inputColorType: gray ? 0 : 2,
    inputHasAlpha: false,
  });
}

/**
 * Gray when the file says so, RGB otherwise; transparency is dropped and 16 bits are scaled to 8.
 * The header's size is checked before anything is unpacked: pngjs stops inflating at the size that it implies.
 */
export function decodePng(bytes: Uint8Array, fileName: string, limits: PngLimits = DEFAULT_LIMITS): PngImage {
  const fail = (byteOffset: number, problem: string): never => {
    throw new FormatError(fileName, { byteOffset }, problem, "Give an intact PNG file");
  };
  if (bytes.length < 33 || SIGNATURE.some((byte, i) => bytes[i] !== byte)) fail(0, "not a PNG file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) fail(8, "does not start with an IHDR chunk");
  const width = view.getUint32(16),
    height = view.getUint32(20),
    colorType = bytes[25]!;
  if (width === 0 || height === 0) fail(16, `has no pixels (${width} x ${height})`);
  if (width * height > limits.maxPixels) {
    fail(16, `says ${width} x ${height} pixels; at most ${limits.maxPixels} pixels are read`);
  }
  // An interlaced image is unpacked without a bound by pngjs, and nothing that makes ultrasound frames writes one.
  if (bytes[28] !== 0) fail(28, "is interlaced, which is not read");
  let png: PNG;
  try {
    png = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { checkCRC: true });
  } catch (error) {
    throw new FormatError(
      fileName,
      { whole: true },
      `is not readable as PNG (${error instanceof Error ? error.message : String(error)})`,
      "Give an intact PNG file",
    );
  }
  const channels = colorType === 0 || colorType === 4 ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += channels) {
    for (let c = 0; c < channels; c++) pixels[to + c] = png.data[from + c]!;
  }
  return { width, height, channels, pixels };
}
