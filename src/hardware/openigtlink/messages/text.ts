import { ByteWriter } from "../byte-writer.ts";
import { bytesOf, textOf } from "../envelope.ts";
import type { Codec } from "./codec.ts";

export interface TextBody<Type extends string> {
  readonly type: Type;
  /** IANA number: 3 ASCII, 106 UTF-8. */
  readonly encoding: number;
  readonly text: string;
}

/** A text with a 16-bit length: STRING, and PLUS's CLIENTINFO, whose text is XML. */
function textCodec<Type extends "STRING" | "CLIENTINFO">(type: Type): Codec<TextBody<Type>> {
  return {
    decode(read) {
      const encoding = read.u16();
      return { type, encoding, text: textOf(read.bytes(read.u16()), encoding) };
    },
    encode({ encoding, text }) {
      const bytes = bytesOf(text, encoding);
      if (bytes.length > 65535) throw new RangeError(`a ${type} of ${bytes.length} bytes: 65535 is the most`);
      return new ByteWriter(4 + bytes.length).u16(encoding).u16(bytes.length).bytes(bytes).finish();
    },
  };
}

export const string = textCodec("STRING");
export const clientInfo = textCodec("CLIENTINFO");
