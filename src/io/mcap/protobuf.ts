/**
 * The little of protobuf's wire format that a recording needs (protobuf.dev/programming-guides/encoding): enough for
 * the messages of schemas.ts and for describing them. Numbers above 2⁵³ are refused, not rounded.
 */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Appends fields to a growing buffer, in any order that the caller likes. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far; a view that the next call may invalidate. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  uint(field: number, value: number): this {
    this.#tag(field, wireTypes.varint);
    return this.#varint(value);
  }

  bool(field: number, value: boolean): this {
    return this.uint(field, value ? 1 : 0);
  }

  fixed32(field: number, value: number): this {
    this.#tag(field, wireTypes.fixed32);
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  double(field: number, value: number): this {
    this.#tag(field, wireTypes.fixed64);
    return this.#double(value);
  }

  /** `repeated double`, packed. */
  doubles(field: number, values: ArrayLike<number>): this {
    this.#tag(field, wireTypes.bytes);
    this.#varint(8 * values.length);
    for (let i = 0; i < values.length; i++) this.#double(values[i]!);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, "utf8"));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, wireTypes.bytes);
    this.#varint(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  message(field: number, fill: (message: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    fill(inner);
    return this.bytes(field, inner.written());
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #double(value: number): this {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
    return this;
  }

  #varint(value: number): this {
    if (!(Number.isSafeInteger(value) && value >= 0)) throw new RangeError(`${value} is not a whole number ≥ 0`);
    this.#room(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#length + bytes));
    larger.set(this.written());
    this.#buffer = larger;
  }
}

/** The bytes are no message of the expected shape. `offset` counts from the start of the outermost message. */
export class ProtoError extends Error {
  override readonly name = "ProtoError";
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/** Walks the fields of a message. Every length is checked against what is there before anything is read. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  #at = 0;
  #wire = 0;

  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.#at;
  }

  /** Number of the next field, or undefined at the end. The value must then be read or skipped. */
  next(): number | undefined {
    if (this.#at === this.#bytes.length) return undefined;
    const tag = this.#varint();
    this.#wire = tag % 8;
    return Math.floor(tag / 8);
  }

  uint(): number {
    this.#expect(wireTypes.varint);
    return this.#varint();
  }

  bool(): boolean {
    return this.uint() !== 0;
  }

  fixed32(): number {
    this.#expect(wireTypes.fixed32);
    return this.#view.getUint32(this.#take(4), true);
  }

  double(): number {
    this.#expect(wireTypes.fixed64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  doubles(): Float64Array {
    this.#expect(wireTypes.bytes);
    const length = this.#varint();
    if (length % 8 !== 0) this.#fail(`${length} bytes are no list of doubles`);
    const from = this.#take(length);
    return Float64Array.from({ length: length / 8 }, (_, i) => this.#view.getFloat64(from + 8 * i, true));
  }

  string(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.bytesLength();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** Length of a bytes field whose content may lie beyond what this reader was given. */
  bytesLength(): number {
    this.#expect(wireTypes.bytes);
    return this.#varint();
  }

  message(): ProtoReader {
    const content = this.bytes();
    return new ProtoReader(content, this.#base + this.#at - content.length);
  }

  skip(): void {
    if (this.#wire === wireTypes.varint) this.#varint();
    else if (this.#wire === wireTypes.fixed64) this.#take(8);
    else if (this.#wire === wireTypes.fixed32) this.#take(4);
    else if (this.#wire === wireTypes.bytes) this.#take(this.#varint());
    else this.#fail(`wire type ${this.#wire}`);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) this.#fail(`wire type ${this.#wire} where ${wire} belongs`);
  }

  #take(length: number): number {
    if (length > this.#bytes.length - this.#at) {
      this.#fail(`${length} bytes are promised, ${this.#bytes.length - this.#at} are there`);
    }
    const from = this.#at;
    this.#at += length;
    return from;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0, scale = 1; shift < 10; shift++, scale *= 0x80) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) this.#fail("a number above 2^53");
        return value;
      }
    }
    return this.#fail("a number of more than ten bytes");
  }

  #fail(problem: string): never {
    throw new ProtoError(problem, this.#base + this.#at);
  }
}
