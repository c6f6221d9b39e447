import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

export interface PointElement {
  /** At most 64 characters. */
  readonly name: string;
  /** At most 32 characters. */
  readonly group: string;
  readonly rgba: readonly [number, number, number, number];
  /** mm */
  readonly position: readonly [number, number, number];
  /** mm */
  readonly diameter: number;
  /** Device whose frame the position is in. At most 20 characters. */
  readonly owner: string;
}

export interface PointBody {
  readonly type: "POINT";
  readonly points: readonly PointElement[];
}

export const point: Codec<PointBody> = {
  decode(read) {
    const points: PointElement[] = [];
    while (read.left > 0) {
      points.push({
        name: read.name(64),
        group: read.name(32),
        rgba: [read.u8(), read.u8(), read.u8(), read.u8()],
        position: [read.f32(), read.f32(), read.f32()],
        diameter: read.f32(),
        owner: read.name(20),
      });
    }
    return { type: "POINT", points };
  },
  encode({ points }) {
    const out = new ByteWriter(points.length * 136);
    for (const { name, group, rgba, position, diameter, owner } of points) {
      out.name(name, 64).name(group, 32).bytes(Uint8Array.from(rgba));
      out.f32Array(position).f32(diameter).name(owner, 20);
    }
    return out.finish();
  },
};
