import { FormatError } from "../../core/errors.ts";
import { defaultLimits, MAX_LINE_BYTES, type MemoryBudget, type ReadLimits } from "./budget.ts";
import type { ByteFile } from "./byte-file.ts";

const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 10;

/**
 * Gives each line of a text header (without its end, LF or CRLF) to `onLine` until that says "last".
 * Returns the byte after the last line, or after the file when no line was the last.
 */
export async function readHeaderLines(
  file: ByteFile,
  limits: ReadLimits,
  budget: MemoryBudget,
  onLine: (line: string, byteOffset: number) => "more" | "last",
): Promise<{ readonly end: number; readonly complete: boolean }> {
  const maxBytes = limits.headerBytes ?? defaultLimits.headerBytes;
  const maxLines = limits.headerLines ?? defaultLimits.headerLines;
  const maxLineBytes = Math.min(MAX_LINE_BYTES, Math.floor(budget.limitBytes / 8));
  const remedy = "If the header is really that long, raise the reader's limits";
  let pending: Uint8Array = new Uint8Array(0), pendingAt = 0, readTo = 0, lines = 0; // prettier-ignore
  for (;;) {
    const size = Math.min(CHUNK_BYTES, file.size - readTo);
    const chunk = new Uint8Array(pending.length + size);
    chunk.set(pending);
    await file.read(chunk.subarray(pending.length), readTo);
    readTo += size;
    let begin = 0;
    for (;;) {
      let end = chunk.indexOf(LINE_FEED, begin);
      if (end < 0 && readTo === file.size && begin < chunk.length) end = chunk.length;
      const length = (end < 0 ? chunk.length : end) - begin;
      const byteOffset = pendingAt + begin;
      if (length > maxLineBytes) {
        throw new FormatError(file.path, { byteOffset }, "a header line does not end", "Check that the header is text");
      }
      if (end < 0) break;
      if (end + pendingAt > maxBytes) {
        throw new FormatError(file.path, { byteOffset }, `the header is longer than ${maxBytes} bytes`, remedy);
      }
      if (++lines > maxLines) {
        throw new FormatError(file.path, { byteOffset }, `the header has more than ${maxLines} lines`, remedy);
      }
      const line = decode(chunk.subarray(begin, end));
      // Two bytes a character, and what the engine adds to a short string.
      budget.reserve(2 * line.length + 48, "the header");
      begin = end + 1;
      if (onLine(line, byteOffset) === "last") return { end: Math.min(pendingAt + begin, file.size), complete: true };
    }
    if (readTo === file.size) return { end: file.size, complete: false };
    pending = chunk.slice(begin);
    pendingAt = readTo - pending.length;
  }
}

/** UTF-8; a line that is not is taken as Latin-1, so that no byte is lost. */
function decode(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = view.toString("utf8");
  const whole = text.includes("\ufffd") ? view.toString("latin1") : text;
  return whole.endsWith("\r") ? whole.slice(0, -1) : whole;
}
