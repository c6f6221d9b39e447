import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

/** 1 tracker, 2 instrument with 6 degrees of freedom, 3 with 3, 4 with 5. */
export type InstrumentKind = number;

export interface TrackingElement {
  /** At most 20 characters. */
  readonly name: string;
  readonly kind: InstrumentKind;
  /** Row-major 3×4, mm. */
  readonly matrix: Readonly<Float64Array>;
}

export interface TrackingDataBody {
  readonly type: "TDATA";
  readonly elements: readonly TrackingElement[];
}

export const trackingData: Codec<TrackingDataBody> = {
  decode(read) {
    const elements: TrackingElement[] = [];
    while (read.left > 0) {
      const name = read.name(20),
        kind = read.u8();
      read.u8();
      elements.push({ name, kind, matrix: read.matrix() });
    }
    return { type: "TDATA", elements };
  },
  encode({ elements }) {
    const out = new ByteWriter(elements.length * 70);
    for (const { name, kind, matrix } of elements) out.name(name, 20).u8(kind).u8(0).matrix(matrix);
    return out.finish();
  },
};

export interface QuaternionElement {
  readonly name: string;
  readonly kind: InstrumentKind;
  /** mm */
  readonly position: readonly [number, number, number];
  /** (x, y, z, w) as sent: not normalised. */
  readonly quaternion: readonly [number, number, number, number];
}

export interface QuaternionTrackingBody {
  readonly type: "QTDATA";
  readonly elements: readonly QuaternionElement[];
}

export const quaternionTracking: Codec<QuaternionTrackingBody> = {
  decode(read) {
    const elements: QuaternionElement[] = [];
    while (read.left > 0) {
      const name = read.name(20),
        kind = read.u8();
      read.u8();
      elements.push({
        name,
        kind,
        position: [read.f32(), read.f32(), read.f32()],
        quaternion: [read.f32(), read.f32(), read.f32(), read.f32()],
      });
    }
    return { type: "QTDATA", elements };
  },
  encode({ elements }) {
    const out = new ByteWriter(elements.length * 50);
    for (const { name, kind, position, quaternion } of elements) {
      out.name(name, 20).u8(kind).u8(0).f32Array(position).f32Array(quaternion);
    }
    return out.finish();
  },
};

/** Asks for tracking data from now on. */
export interface StartTrackingBody<Type extends string> {
  readonly type: Type;
  /** Shortest time between two messages, ms. */
  readonly resolutionMs: number;
  /** At most 32 characters. */
  readonly coordinateName: string;
}

function startCodec<Type extends "STT_TDATA" | "STT_QTDATA">(type: Type): Codec<StartTrackingBody<Type>> {
  return {
    decode: (read) => ({ type, resolutionMs: read.i32(), coordinateName: read.name(32) }),
    encode: ({ resolutionMs, coordinateName }) =>
      new ByteWriter(36).i32(resolutionMs).name(coordinateName, 32).finish(),
  };
}

export const startTracking = startCodec("STT_TDATA");
export const startQuaternionTracking = startCodec("STT_QTDATA");

/** The answer to a start or a stop: 0 is success. */
export interface TrackingReplyBody<Type extends string> {
  readonly type: Type;
  readonly status: number;
}

function replyCodec<Type extends "RTS_TDATA" | "RTS_QTDATA">(type: Type): Codec<TrackingReplyBody<Type>> {
  return {
    decode: (read) => ({ type, status: read.i8() }),
    encode: ({ status }) => new ByteWriter(1).i8(status).finish(),
  };
}

export const trackingReply = replyCodec("RTS_TDATA");
export const quaternionTrackingReply = replyCodec("RTS_QTDATA");
