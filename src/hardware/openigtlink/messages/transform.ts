import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

/** What the device name says as "<From>To<To>": a point in From goes in, a point in To comes out. */
export interface TransformBody {
  readonly type: "TRANSFORM";
  /** Row-major 3×4, mm; 32-bit floats on the wire. */
  readonly matrix: Readonly<Float64Array>;
}

export const transform: Codec<TransformBody> = {
  decode: (read) => ({ type: "TRANSFORM", matrix: read.matrix() }),
  encode: ({ matrix }) => new ByteWriter(48).matrix(matrix).finish(),
};
