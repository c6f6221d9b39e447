import { FormatError } from "../../core/errors.ts";

/**
 * One frame of 8-bit samples in DICOM's run-length coding (PS3.5 annex G): a head of 64 bytes with the number of
 * segments and their offsets, and a segment of PackBits for each component. Gives the components one after the other,
 * `pixels` samples each. Throws a FormatError for everything that does not fit.
 */
export function decodeRle(file: string, bytes: Uint8Array, components: number, pixels: number): Uint8Array {
  const fail = (problem: string): FormatError =>
    new FormatError(file, { field: "(7fe0,0010) Pixel Data" }, `RLE: ${problem}`, "Export the clip again");
  if (bytes.length < 64) throw fail(`a frame of ${bytes.length} bytes has no head of 64`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  if (count !== components) throw fail(`${count} segments, but ${components} components of 8 bits`);
  const out = new Uint8Array(components * pixels);
  for (let segment = 0; segment < components; segment++) {
    const begin = view.getUint32(4 + 4 * segment, true),
      end = segment + 1 < components ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    if (begin < 64 || end < begin || end > bytes.length) throw fail(`segment ${segment} lies outside of its frame`);
    const filled = unpack(bytes.subarray(begin, end), out.subarray(segment * pixels, (segment + 1) * pixels));
    if (filled !== pixels) throw fail(`segment ${segment} holds ${filled} of ${pixels} samples`);
  }
  return out;
}

/** PackBits, until `out` is full or the bytes end; how many samples there were. What comes behind is padding. */
function unpack(bytes: Uint8Array, out: Uint8Array): number {
  let to = 0;
  for (let at = 0; at < bytes.length && to < out.length;) {
    const control = (bytes[at++]! << 24) >> 24;
    if (control === -128) continue;
    if (control >= 0) {
      const literal = bytes.subarray(at, at + control + 1).subarray(0, out.length - to);
      out.set(literal, to);
      to += literal.length;
      at += control + 1;
    } else {
      const value = bytes[at++];
      if (value === undefined) break;
      const end = Math.min(out.length, to + 1 - control);
      out.fill(value, to, end);
      to = end;
    }
  }
  return to;
}
