import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

type Vector = readonly [number, number, number];

/** The orientation as it was sent: not at all, as (x, y, z) of a unit quaternion with w ≥ 0, or as (x, y, z, w). */
export type Orientation =
  | { readonly form: "none" }
  | { readonly form: "xyz"; readonly q: Vector }
  | { readonly form: "xyzw"; readonly q: readonly [number, number, number, number] };

export interface PositionBody {
  readonly type: "POSITION";
  /** mm */
  readonly position: Vector;
  readonly orientation: Orientation;
}

export const position: Codec<PositionBody> = {
  decode(read) {
    const size = read.left;
    if (size !== 12 && size !== 24 && size !== 28) throw read.fail(`has ${size} bytes, not 12, 24 or 28`);
    const place: Vector = [read.f32(), read.f32(), read.f32()];
    if (size === 12) return { type: "POSITION", position: place, orientation: { form: "none" } };
    const q: Vector = [read.f32(), read.f32(), read.f32()];
    const orientation: Orientation =
      size === 24 ? { form: "xyz", q } : { form: "xyzw", q: [q[0], q[1], q[2], read.f32()] };
    return { type: "POSITION", position: place, orientation };
  },
  encode({ position: place, orientation }) {
    const numbers = orientation.form === "none" ? place : [...place, ...orientation.q];
    return new ByteWriter(numbers.length * 4).f32Array(numbers).finish();
  },
};
