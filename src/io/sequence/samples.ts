import { elementBytes, type ElementType } from "./raster-header.ts";

export type Samples = Uint8Array | Int16Array | Float32Array;
export type SampleType = "u8" | "i16" | "f32";

/** The type in memory that holds each stored type; the others are widened, f64 and 32-bit integers rounded to f32. */
export const inMemoryType: Readonly<Record<ElementType, SampleType>> = {
  u8: "u8", i8: "i16", i16: "i16", u16: "f32", u32: "f32", i32: "f32", f32: "f32", f64: "f32",
}; // prettier-ignore

export function allocateSamples(type: SampleType, count: number): Samples {
  if (type === "u8") return new Uint8Array(count);
  return type === "i16" ? new Int16Array(count) : new Float32Array(count);
}

const HOST_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Stored bytes to samples. May return a view of `stored`, which it then owns. */
export function decodeSamples(stored: Uint8Array, element: ElementType, littleEndian: boolean): Samples {
  const size = elementBytes[element],
    count = stored.length / size;
  if (element === "u8") return stored;
  const { buffer, byteOffset } = stored;
  if (littleEndian === HOST_LITTLE_ENDIAN && byteOffset % size === 0) {
    if (element === "i16") return new Int16Array(buffer, byteOffset, count);
    if (element === "f32") return new Float32Array(buffer, byteOffset, count);
  }
  const view = new DataView(buffer, byteOffset, stored.length);
  const samples = allocateSamples(inMemoryType[element], count);
  const one = readers[element];
  for (let i = 0; i < count; i++) samples[i] = one(view, i * size, littleEndian);
  return samples;
}

const readers: Readonly<Record<ElementType, (view: DataView, at: number, little: boolean) => number>> = {
  u8: (view, at) => view.getUint8(at),
  i8: (view, at) => view.getInt8(at),
  u16: (view, at, little) => view.getUint16(at, little),
  i16: (view, at, little) => view.getInt16(at, little),
  u32: (view, at, little) => view.getUint32(at, little),
  i32: (view, at, little) => view.getInt32(at, little),
  f32: (view, at, little) => view.getFloat32(at, little),
  f64: (view, at, little) => view.getFloat64(at, little),
};

/** Samples to little-endian bytes; a view where the machine is little-endian too. */
export function encodeSamples(samples: Samples): Uint8Array {
  if (samples instanceof Uint8Array) return samples;
  if (HOST_LITTLE_ENDIAN) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const bytes = new Uint8Array(samples.byteLength),
    view = new DataView(bytes.buffer);
  const size = samples.BYTES_PER_ELEMENT;
  for (let i = 0; i < samples.length; i++) {
    if (samples instanceof Int16Array) view.setInt16(i * size, samples[i]!, true);
    else view.setFloat32(i * size, samples[i]!, true);
  }
  return bytes;
}

/** Luma of ITU-R BT.601 of interleaved colours; equal channels keep their value. A fourth channel is left out. */
export function toGray(colours: Samples, channels: number): Samples {
  const count = colours.length / channels;
  const type = colours instanceof Uint8Array ? "u8" : colours instanceof Int16Array ? "i16" : "f32";
  const gray = allocateSamples(type, count);
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const luma = (299 * colours[at]! + 587 * colours[at + 1]! + 114 * colours[at + 2]!) / 1000;
    gray[i] = type === "f32" ? luma : Math.round(luma);
  }
  return gray;
}
