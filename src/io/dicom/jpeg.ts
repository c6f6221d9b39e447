import { FormatError } from "../../core/errors.ts";

export interface JpegFrame {
  readonly components: number;
  /** Interleaved: gray, or red, green, blue. */
  readonly samples: Uint8Array;
}

const fail = (file: string, problem: string): FormatError =>
  new FormatError(file, { field: "(7fe0,0010) Pixel Data" }, `JPEG: ${problem}`, "Export the clip again");

/** The codec is loaded when the first file needs it. Sizes are compared before anything is decoded. */
export async function openJpegDecoder(
  file: string,
  width: number,
  height: number,
): Promise<(bytes: Uint8Array) => JpegFrame> {
  const { default: start } = await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decode");
  const { JPEGDecoder } = await start();
  return (bytes) => {
    checkSize(file, bytes, width, height);
    const decoder = new JPEGDecoder();
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      try {
        decoder.decode();
      } catch {
        throw fail(file, "a frame is damaged");
      }
      const { componentCount: components } = decoder.getFrameInfo();
      // The decoder's memory is used again.
      const samples = decoder.getDecodedBuffer().slice();
      if (samples.length !== width * height * components) throw fail(file, `a frame has ${samples.length} samples`);
      return { components, samples };
    } finally {
      decoder.delete();
    }
  };
}

/** Baseline or extended sequential, 8 bits, of the announced size: else nothing is decoded. */
function checkSize(file: string, bytes: Uint8Array, width: number, height: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) throw fail(file, "a frame does not begin with a JPEG marker");
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1]!;
    if (marker === 0xc0 || marker === 0xc1) {
      const [bits, rows, columns] = [bytes[at + 4]!, view.getUint16(at + 5), view.getUint16(at + 7)];
      if (bits === 8 && rows === height && columns === width) return;
      throw fail(file, `a frame of ${columns} x ${rows} of ${bits} bits in a clip of ${width} x ${height}`);
    }
    if (marker === 0xda || marker === 0xd9) break;
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw fail(file, "a frame is not of a sequential 8-bit kind");
}
