/** Writes big-endian values into a buffer of the given size, which must come out exactly full. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #next(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at;
  }

  u8(value: number): this {
    this.#view.setUint8(this.#next(1), value);
    return this;
  }
  i8(value: number): this {
    this.#view.setInt8(this.#next(1), value);
    return this;
  }
  u16(value: number): this {
    this.#view.setUint16(this.#next(2), value);
    return this;
  }
  u32(value: number): this {
    this.#view.setUint32(this.#next(4), value);
    return this;
  }
  i32(value: number): this {
    this.#view.setInt32(this.#next(4), value);
    return this;
  }
  i64(value: bigint): this {
    this.#view.setBigInt64(this.#next(8), value);
    return this;
  }
  u64(value: bigint): this {
    this.#view.setBigUint64(this.#next(8), value);
    return this;
  }
  f32(value: number): this {
    this.#view.setFloat32(this.#next(4), value);
    return this;
  }

  f32Array(values: ArrayLike<number>): this {
    const at = this.#next(values.length * 4);
    for (let i = 0; i < values.length; i++) this.#view.setFloat32(at + i * 4, values[i]!);
    return this;
  }

  u32Array(values: ArrayLike<number>): this {
    const at = this.#next(values.length * 4);
    for (let i = 0; i < values.length; i++) this.#view.setUint32(at + i * 4, values[i]!);
    return this;
  }

  bytes(values: Uint8Array): this {
    this.#bytes.set(values, this.#next(values.length));
    return this;
  }

  /** Latin-1, padded with NULs to `size` bytes. A RangeError when it does not fit: cut it before, knowingly. */
  name(text: string, size: number): this {
    const field = Buffer.from(text, "latin1");
    if (field.length > size) throw new RangeError(`"${text}" is longer than the ${size} bytes that the message has`);
    this.#bytes.set(field, this.#next(size));
    return this;
  }

  /** A row-major 3×4 as the three columns of R, then t. */
  matrix(m: Readonly<Float64Array>): this {
    const at = this.#next(48);
    for (let i = 0; i < 12; i++) this.#view.setFloat32(at + i * 4, m[(i % 3) * 4 + Math.floor(i / 3)]!);
    return this;
  }

  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new Error(`wrote ${this.#at} of ${this.#bytes.length} bytes`);
    return this.#bytes;
  }
}
