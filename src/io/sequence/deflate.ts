import { Readable } from "node:stream";
import { createDeflate, createGzip } from "node:zlib";
import type { FileWriter } from "./replace-file.ts";

/**
 * Writes the chunks to the file, packed as one stream, without holding more than a few of them. Level 6 is zlib's own
 * default; PLUS writes that too.
 */
export async function writePacked(
  file: FileWriter,
  chunks: AsyncIterable<Uint8Array>,
  compression: "none" | "zlib" | "gzip",
): Promise<void> {
  if (compression === "none") {
    for await (const chunk of chunks) await file.write(chunk);
    return;
  }
  const packer = compression === "gzip" ? createGzip({ level: 6 }) : createDeflate({ level: 6 });
  const input = Readable.from(chunks, { objectMode: false });
  input.on("error", (error) => packer.destroy(error));
  input.pipe(packer);
  for await (const packed of packer as AsyncIterable<Uint8Array>) await file.write(packed);
}

const PADDED_COLUMNS = 40;

/**
 * The MetaImage line that ITK needs to unpack (without it, it gives zeros). Always of one length, so that it can be
 * written first and filled in when the size is known, as PLUS does too.
 */
export function compressedSizeLine(bytes: number): string {
  return `${`CompressedDataSize = ${bytes}`.padEnd(PADDED_COLUMNS)}\n`;
}
