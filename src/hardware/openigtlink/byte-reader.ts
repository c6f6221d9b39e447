import { FormatError } from "../../core/errors.ts";

/** Latin-1 keeps every byte, so what was read can be written again. */
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/** Reads big-endian values and refuses, with a FormatError that names the message and the byte, to read past the end. */
export class ByteReader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** `what` names the message in errors: "OpenIGTLink TRANSFORM". */
  constructor(what: string, bytes: Uint8Array) {
    this.#what = what;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  fail(problem: string): FormatError {
    return new FormatError(this.#what, { byteOffset: this.#at }, problem, "");
  }

  /** Refuses now what would not fit: call before allocating for `size` bytes. */
  need(size: number): void {
    if (!(size <= this.left)) throw this.fail(`needs ${size} more bytes, ${this.left} are there`);
  }

  /** Refuses a body that is longer than what was read of it. */
  end(): void {
    if (this.left > 0) throw this.fail(`${this.left} bytes are left over`);
  }

  #next(size: number): number {
    this.need(size);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#next(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#next(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#next(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#next(4));
  }
  i32(): number {
    return this.#view.getInt32(this.#next(4));
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#next(8));
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#next(8));
  }
  f32(): number {
    return this.#view.getFloat32(this.#next(4));
  }

  f32Array(count: number): Float32Array {
    const at = this.#next(count * 4),
      out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = this.#view.getFloat32(at + i * 4);
    return out;
  }

  u32Array(count: number): Uint32Array {
    const at = this.#next(count * 4),
      out = new Uint32Array(count);
    for (let i = 0; i < count; i++) out[i] = this.#view.getUint32(at + i * 4);
    return out;
  }

  /** A view, not a copy. */
  bytes(size: number): Uint8Array {
    const at = this.#next(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** A field of `size` bytes, up to its first NUL if it has one. Latin-1. */
  name(size: number): string {
    const field = this.bytes(size),
      end = field.indexOf(0);
    return latin1(end < 0 ? field : field.subarray(0, end));
  }

  /** A string that ends in a NUL, which is taken too. Latin-1. */
  terminated(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw this.fail("a text does not end in a NUL");
    const text = latin1(this.bytes(end - this.#at));
    this.#at++;
    return text;
  }

  /** 12 numbers on the wire: the three columns of R, then t. Gives a row-major 3×4. */
  matrix(): Float64Array {
    const at = this.#next(48),
      m = new Float64Array(12);
    for (let i = 0; i < 12; i++) m[(i % 3) * 4 + Math.floor(i / 3)] = this.#view.getFloat32(at + i * 4);
    return m;
  }
}
