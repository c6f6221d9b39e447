import { ByteWriter } from "../byte-writer.ts";
import { bytesOf, textOf } from "../envelope.ts";
import type { Codec } from "./codec.ts";

export interface CommandBody<Type extends string> {
  readonly type: Type;
  /** The answer carries the same. */
  readonly id: number;
  /** At most 128 characters. */
  readonly name: string;
  readonly encoding: number;
  /** PLUS's commands and answers are XML. */
  readonly text: string;
}

function commandCodec<Type extends "COMMAND" | "RTS_COMMAND">(type: Type): Codec<CommandBody<Type>> {
  return {
    decode(read) {
      const id = read.u32(),
        name = read.name(128),
        encoding = read.u16();
      return { type, id, name, encoding, text: textOf(read.bytes(read.u32()), encoding) };
    },
    encode({ id, name, encoding, text }) {
      const bytes = bytesOf(text, encoding);
      const head = new ByteWriter(138 + bytes.length).u32(id).name(name, 128).u16(encoding);
      return head.u32(bytes.length).bytes(bytes).finish();
    },
  };
}

export const command = commandCodec("COMMAND");
export const commandReply = commandCodec("RTS_COMMAND");
