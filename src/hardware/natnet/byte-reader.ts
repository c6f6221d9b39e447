import { FormatError } from "../../core/errors.ts";

const utf8 = new TextDecoder();

/** Names of Motive have at most 256 bytes with the closing NUL (NatNetTypes.h: MAX_NAMELENGTH). */
export const NAME_BYTES = 256;

/** Reads little-endian values from [offset, end) and refuses, with the place, whatever would lie outside. */
export class ByteReader {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly end: number;
  private readonly view: DataView;
  private at: number;

  constructor(what: string, bytes: Uint8Array, begin = 0, end = bytes.length) {
    this.what = what;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = begin;
    this.end = end;
  }

  get offset(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  refuse(problem: string, offset = this.at): FormatError {
    return new FormatError(this.what, { byteOffset: offset }, problem, "The datagram is left out");
  }

  /** Moves on by `size` bytes; returns where they begin. */
  skip(size: number): number {
    if (size < 0 || size > this.remaining)
      throw this.refuse(`${size} bytes are announced, but ${this.remaining} are left`);
    const begin = this.at;
    this.at += size;
    return begin;
  }

  u8 = (): number => this.view.getUint8(this.skip(1));
  u16 = (): number => this.view.getUint16(this.skip(2), true);
  i16 = (): number => this.view.getInt16(this.skip(2), true);
  u32 = (): number => this.view.getUint32(this.skip(4), true);
  i32 = (): number => this.view.getInt32(this.skip(4), true);
  u64 = (): bigint => this.view.getBigUint64(this.skip(8), true);
  f32 = (): number => this.view.getFloat32(this.skip(4), true);
  f64 = (): number => this.view.getFloat64(this.skip(8), true);

  vector = (): readonly [number, number, number] => [this.f32(), this.f32(), this.f32()];
  quaternion = (): readonly [number, number, number, number] => [this.f32(), this.f32(), this.f32(), this.f32()];

  /** How many elements follow: refused unless that many of the smallest kind would fit. */
  count(smallestBytes: number, of: string): number {
    const begin = this.at,
      count = this.i32();
    if (count < 0 || count * smallestBytes > this.remaining)
      throw this.refuse(`${count} ${of} cannot lie in ${this.remaining} bytes`, begin);
    return count;
  }

  /** `count` must come from `count()`, which bounds it. */
  list<T>(count: number, read: () => T): T[] {
    const out: T[] = [];
    for (let i = 0; i < count; i++) out.push(read());
    return out;
  }

  /** A string up to its NUL, of at most `limit` bytes with it. */
  text(limit = NAME_BYTES): string {
    const stop = Math.min(this.end, this.at + limit);
    const nul = this.bytes.subarray(this.at, stop).indexOf(0);
    if (nul < 0) throw this.refuse(`a name has no end within ${stop - this.at} bytes`);
    const begin = this.skip(nul + 1);
    return utf8.decode(this.bytes.subarray(begin, begin + nul));
  }

  /** A string in a field of fixed size; what follows the NUL is garbage on the wire and is ignored. */
  fixedText(size: number): string {
    const begin = this.skip(size);
    const field = this.bytes.subarray(begin, begin + size),
      nul = field.indexOf(0);
    return utf8.decode(nul < 0 ? field : field.subarray(0, nul));
  }

  /** A reader of the next `size` bytes; this one moves past them. */
  part(size: number): ByteReader {
    const begin = this.skip(size);
    return new ByteReader(this.what, this.bytes, begin, begin + size);
  }

  /** A copy of the next `size` bytes. */
  copy(size: number): Uint8Array {
    const begin = this.skip(size);
    return this.bytes.slice(begin, begin + size);
  }
}
