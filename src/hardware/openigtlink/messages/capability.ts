import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

export interface CapabilityBody {
  readonly type: "CAPABILITY";
  /** Message types, each of at most 12 characters. */
  readonly types: readonly string[];
}

export const capability: Codec<CapabilityBody> = {
  decode(read) {
    const types: string[] = [];
    while (read.left > 0) types.push(read.name(12));
    return { type: "CAPABILITY", types };
  },
  encode({ types }) {
    const out = new ByteWriter(types.length * 12);
    for (const type of types) out.name(type, 12);
    return out.finish();
  },
};
