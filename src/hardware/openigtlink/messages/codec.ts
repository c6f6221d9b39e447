import type { ByteReader } from "../byte-reader.ts";

/** One kind of body: bytes ↔ values. `decode` throws a FormatError; the caller checks that nothing is left over. */
export interface Codec<Body> {
  decode(read: ByteReader): Body;
  encode(body: Body): Uint8Array;
}
