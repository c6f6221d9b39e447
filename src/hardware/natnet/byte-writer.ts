const utf8 = new TextEncoder();

/** Appends little-endian values to a buffer that grows. */
export class ByteWriter {
  private bytes = new Uint8Array(512);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  private grow(size: number): number {
    const at = this.length;
    if (at + size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, at + size));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.length += size;
    return at;
  }

  // The place is taken before the view is read: growing replaces the view.
  u8(value: number): void {
    const at = this.grow(1);
    this.view.setUint8(at, value);
  }
  u16(value: number): void {
    const at = this.grow(2);
    this.view.setUint16(at, value, true);
  }
  i16(value: number): void {
    const at = this.grow(2);
    this.view.setInt16(at, value, true);
  }
  u32(value: number): void {
    const at = this.grow(4);
    this.view.setUint32(at, value, true);
  }
  i32(value: number): void {
    const at = this.grow(4);
    this.view.setInt32(at, value, true);
  }
  u64(value: bigint): void {
    const at = this.grow(8);
    this.view.setBigUint64(at, value, true);
  }
  f32(value: number): void {
    const at = this.grow(4);
    this.view.setFloat32(at, value, true);
  }
  f64(value: number): void {
    const at = this.grow(8);
    this.view.setFloat64(at, value, true);
  }

  f32s(values: readonly number[]): void {
    for (const value of values) this.f32(value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** With its closing NUL. */
  text(value: string): void {
    this.raw(utf8.encode(value));
    this.u8(0);
  }

  /** Cut to leave room for one NUL, filled up with NULs. */
  fixedText(value: string, size: number): void {
    const field = new Uint8Array(size);
    field.set(utf8.encode(value).subarray(0, size - 1));
    this.raw(field);
  }

  /** Writes what `write` appends behind an i32 of its length. */
  sized(write: () => void): void {
    const at = this.grow(4);
    write();
    this.view.setInt32(at, this.length - at - 4, true);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
