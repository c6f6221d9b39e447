import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

export const STATUS_OK = 1;
export const STATUS_NOT_PRESENT = 16;

export interface StatusBody {
  readonly type: "STATUS";
  /** 1 is OK, 13 not ready, 16 not present, 18 hardware failure, 19 shut down; others pass as they are. */
  readonly code: number;
  readonly subcode: bigint;
  /** At most 20 characters. */
  readonly name: string;
  readonly text: string;
}

export const status: Codec<StatusBody> = {
  decode: (read) => ({
    type: "STATUS",
    code: read.u16(),
    subcode: read.i64(),
    name: read.name(20),
    // Some senders leave the NUL away, or send no text at all.
    text: read.name(read.left),
  }),
  encode({ code, subcode, name, text }) {
    const size = Buffer.byteLength(text, "latin1");
    return new ByteWriter(31 + size)
      .u16(code)
      .i64(subcode)
      .name(name, 20)
      .name(text, size + 1)
      .finish();
  },
};
