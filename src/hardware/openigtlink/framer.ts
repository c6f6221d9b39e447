import { FormatError } from "../../core/errors.ts";
import { crc64 } from "./crc64.ts";
import { HEADER_BYTES, openBody, printable, readHeader, type Header, type RawMessage } from "./envelope.ts";

export type FramerEvent =
  | { readonly kind: "message"; readonly message: RawMessage }
  /** One message was unusable; the stream goes on behind it. */
  | { readonly kind: "dropped"; readonly reason: "checksum" | "layout"; readonly detail: string }
  /** Where the next message begins is not known: the connection must be closed. Nothing is read after it. */
  | { readonly kind: "lost"; readonly detail: string };

export interface Framer {
  /** Takes the next bytes of the stream, cut anywhere, and gives what they complete. Keeps no reference to `chunk`. */
  push(chunk: Uint8Array): FramerEvent[];
  /** Bytes of an unfinished message: what is lost when the stream ends now. */
  readonly pendingBytes: number;
}

/** An image of 4096 × 4096 bytes with room to spare. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 2 ** 20;

/** What is allocated for a body before any of it has arrived: an image of 512 × 512; a lying size costs no more. */
const FIRST_ALLOCATION_BYTES = 264 * 2 ** 10;

/**
 * Cuts a byte stream into messages. Memory: one body of at most `maxBodyBytes`, and never more than twice of what has
 * arrived of it.
 */
export function createFramer(maxBodyBytes: number = DEFAULT_MAX_BODY_BYTES): Framer {
  const headerBytes = new Uint8Array(HEADER_BYTES);
  let headerFilled = 0,
    header: Header | undefined,
    body = new Uint8Array(0),
    bodyFilled = 0,
    bodyBytes = 0,
    lost = false;

  function reserve(): void {
    if (bodyFilled < body.length || body.length === bodyBytes) return;
    const grown = new Uint8Array(Math.min(bodyBytes, Math.max(FIRST_ALLOCATION_BYTES, body.length * 2)));
    grown.set(body);
    body = grown;
  }

  function begin(): FramerEvent | undefined {
    header = readHeader(headerBytes);
    if (header.version !== 1 && header.version !== 2) {
      return { kind: "lost", detail: `header version ${header.version}: this is no OpenIGTLink header` };
    }
    if (header.bodyBytes > BigInt(maxBodyBytes)) {
      const type = printable(header.type);
      return { kind: "lost", detail: `${type} of ${header.bodyBytes} bytes, more than the ${maxBodyBytes} allowed` };
    }
    bodyBytes = Number(header.bodyBytes);
    body = new Uint8Array(0);
    bodyFilled = 0;
    return undefined;
  }

  function finish(whole: Header): FramerEvent {
    const done = body;
    header = undefined;
    headerFilled = 0;
    body = new Uint8Array(0);
    bodyFilled = bodyBytes = 0;
    if (crc64(done) !== whole.crc) {
      return { kind: "dropped", reason: "checksum", detail: `${printable(whole.type)}: the checksum is wrong` };
    }
    try {
      return { kind: "message", message: openBody(whole, done) };
    } catch (error) {
      if (error instanceof FormatError) return { kind: "dropped", reason: "layout", detail: error.message };
      throw error;
    }
  }

  return {
    get pendingBytes() {
      return headerFilled + bodyFilled;
    },
    push(chunk) {
      const events: FramerEvent[] = [];
      let at = 0;
      while (!lost) {
        if (!header) {
          const take = Math.min(HEADER_BYTES - headerFilled, chunk.length - at);
          headerBytes.set(chunk.subarray(at, at + take), headerFilled);
          headerFilled += take;
          at += take;
          if (headerFilled < HEADER_BYTES) break;
          const refusal = begin();
          if (refusal) {
            lost = true;
            headerFilled = 0;
            events.push(refusal);
            break;
          }
        }
        reserve();
        const take = Math.min(body.length - bodyFilled, chunk.length - at);
        body.set(chunk.subarray(at, at + take), bodyFilled);
        bodyFilled += take;
        at += take;
        if (bodyFilled === bodyBytes && header) events.push(finish(header));
        else if (at === chunk.length) break;
      }
      return events;
    },
  };
}
