/** The messages between the live server and its page. Both sides are in this file, so that they cannot drift apart. */
import type { LiveStatus } from "./live.ts";

/** What the page is told at once; what is absent has not changed. Arrays lie behind the header, in this order. */
export interface LiveUpdate {
  /** Told back in `shown`: the next ones come only when the page keeps up. */
  readonly turn: number;
  readonly status?: LiveStatus;
  readonly plan?: LivePlan;
  readonly frame?: LiveFrameUpdate;
  readonly surface?: LiveSurfaceUpdate;
  readonly swath?: LiveSwathUpdate;
}

/** The standard strokes, laid on the leg; in the reference frame, mm. Empty when nobody knows where the leg is. */
export interface LivePlan {
  readonly windows: readonly {
    readonly name: string;
    /** Interleaved: xyz of the target, xyz of the direction to the probe; a station after the other. */
    readonly stations: readonly number[];
  }[];
  /** How the leg lies. */
  readonly up: readonly number[] | null;
  readonly front: readonly number[] | null;
  readonly kneeMm: readonly number[] | null;
}

export interface LiveFrameUpdate {
  readonly order: number;
  /** Of the picture that is sent; its pixels are `pixels`, gray, rows of columns. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the image that one of the picture stands for, each way. */
  readonly shrunk: number;
  readonly pixelMm: readonly [number, number];
  readonly facePx: readonly [number, number];
  /** Row-major 3×4, (column, row, 0) of a pixel of the image to mm; null when it has no place. */
  readonly referenceFromPixel: readonly number[] | null;
  readonly unposed: string | null;
  readonly latencyMs: number;
  readonly pixels: Uint8Array;
  /** Rows of the image, one a column of the image; NaN where no bone is. */
  readonly ridgeRowPx: Float32Array;
  /** 0 … 255. */
  readonly confidence: Uint8Array;
}

export interface LiveSurfaceUpdate {
  /** All that was sent before is void. */
  readonly reset: boolean;
  /** Block, vertices, triangles, of each part; 0 and 0: the part is gone. */
  readonly blocks: readonly (readonly [number, number, number])[];
  /** xyz, mm; part after part. */
  readonly positions: Float32Array;
  /** Of the part's own vertices. */
  readonly triangles: Uint16Array;
  /** Columns that saw the vertex, up to 255. */
  readonly observations: Uint8Array;
}

/** Lines of the face on the skin. */
export interface LiveSwathUpdate {
  readonly reset: boolean;
  /** `SWATH_NUMBERS` a line: both ends, and the share of columns with bone. */
  readonly lines: Float32Array;
}
export const SWATH_NUMBERS = 7;

/** What the page may ask for. */
export type LiveCommand =
  | { readonly type: "shown"; readonly turn: number }
  | { readonly type: "pause" | "resume" | "record" | "stop" | "clear" };
/** No command is longer. */
export const MAX_COMMAND_BYTES = 256;

type Numbers = Uint8Array | Uint16Array | Float32Array;
const kinds = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array } as const;
type Kind = keyof typeof kinds;

const kindOf = (values: Numbers): Kind =>
  values instanceof Uint8Array ? "u8" : values instanceof Uint16Array ? "u16" : "f32";
const padded = (bytes: number): number => (bytes + 3) & ~3;

/**
 * Length of the header, the header as JSON with `{"$": [kind, count]}` for each array, then the arrays, each at a multiple
 * of 4 bytes. Little-endian.
 */
export function encodeUpdate(update: LiveUpdate): Uint8Array<ArrayBuffer> {
  const arrays: Numbers[] = [];
  const text = JSON.stringify(update, (_, value: unknown) => {
    if (!(value instanceof Uint8Array || value instanceof Uint16Array || value instanceof Float32Array)) return value;
    arrays.push(value);
    return { $: [kindOf(value), value.length] };
  });
  const header = new TextEncoder().encode(text);
  const size = arrays.reduce((sum, { byteLength }) => sum + padded(byteLength), 4 + padded(header.length));
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = 4 + padded(header.length);
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  return bytes;
}

/** The arrays are views of `bytes`. Throws where it is no update. */
export function decodeUpdate(bytes: ArrayBuffer): LiveUpdate {
  const headerBytes = new DataView(bytes).getUint32(0, true);
  let at = 4 + padded(headerBytes);
  if (at > bytes.byteLength) throw new RangeError("the header is cut off");
  // Arrays come in the order in which the header was written, and JSON.parse revives in that order, too.
  return JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, headerBytes)), (_, value: unknown) => {
    if (!isArrayMark(value)) return value;
    const [kind, count] = value.$;
    const array = new kinds[kind](bytes, at, count);
    at += padded(array.byteLength);
    return array;
  }) as LiveUpdate;
}

function isArrayMark(value: unknown): value is { readonly $: readonly [Kind, number] } {
  if (typeof value !== "object" || value === null || !("$" in value)) return false;
  const mark = value.$;
  return Array.isArray(mark) && mark.length === 2 && Object.hasOwn(kinds, String(mark[0])) && Number.isInteger(mark[1]);
}
