import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

type Triple = readonly [number, number, number];

/** By the number on the wire. */
const scalars = {
  i8: { code: 2, bytes: 1 },
  u8: { code: 3, bytes: 1 },
  i16: { code: 4, bytes: 2 },
  u16: { code: 5, bytes: 2 },
  i32: { code: 6, bytes: 4 },
  u32: { code: 7, bytes: 4 },
  f32: { code: 10, bytes: 4 },
  f64: { code: 11, bytes: 8 },
} as const;

export type Scalar = keyof typeof scalars;
const scalarNames = Object.keys(scalars) as Scalar[];

export interface ImageBody {
  readonly type: "IMAGE";
  readonly components: number;
  readonly scalar: Scalar;
  /** Of the pixels only. */
  readonly byteOrder: "big" | "little";
  readonly coordinates: "RAS" | "LPS";
  readonly size: Triple;
  /**
   * Row-major 3×4: columns are the axes times the spacing, mm a pixel; the last one is the CENTRE of the image, half
   * way between the centres of the first and the last pixel (see `cornerMatrix`).
   */
  readonly matrix: Readonly<Float64Array>;
  /** The part of the image that this message holds. */
  readonly offset: Triple;
  readonly partSize: Triple;
  /** As on the wire: x fastest, components interleaved. */
  readonly data: Uint8Array;
}

export const image: Codec<ImageBody> = {
  decode(read) {
    const triple = (): Triple => [read.u16(), read.u16(), read.u16()];
    const version = read.u16();
    if (version !== 1) throw read.fail(`image version ${version}, not 1`);
    const components = read.u8(),
      code = read.u8(),
      order = read.u8(),
      coordinates = read.u8();
    const scalar = scalarNames.find((name) => scalars[name].code === code);
    if (!scalar) throw read.fail(`scalar type ${code} is unknown`);
    if (components === 0) throw read.fail("no components");
    if (order !== 1 && order !== 2) throw read.fail(`byte order ${order}, not 1 or 2`);
    if (coordinates !== 1 && coordinates !== 2) throw read.fail(`coordinate system ${coordinates}, not 1 or 2`);
    const size = triple(),
      matrix = read.matrix(),
      offset = triple(),
      partSize = triple();
    for (const axis of [0, 1, 2] as const) {
      if (partSize[axis] === 0) throw read.fail("the image has no pixels");
      if (offset[axis] + partSize[axis] > size[axis]) throw read.fail("the part does not lie in the image");
    }
    const bytes = components * scalars[scalar].bytes * partSize[0] * partSize[1] * partSize[2];
    if (read.left !== bytes) throw read.fail(`${read.left} bytes of pixels, the header says ${bytes}`);
    return {
      type: "IMAGE",
      components,
      scalar,
      byteOrder: order === 1 ? "big" : "little",
      coordinates: coordinates === 1 ? "RAS" : "LPS",
      size,
      matrix,
      offset,
      partSize,
      data: read.bytes(bytes),
    };
  },
  encode(body) {
    const { components, scalar, byteOrder, coordinates, size, matrix, offset, partSize, data } = body;
    const out = new ByteWriter(72 + data.length).u16(1).u8(components).u8(scalars[scalar].code);
    out.u8(byteOrder === "big" ? 1 : 2).u8(coordinates === "RAS" ? 1 : 2);
    for (const n of size) out.u16(n);
    out.matrix(matrix);
    for (const n of [...offset, ...partSize]) out.u16(n);
    return out.bytes(data).finish();
  },
};

/** The samples as numbers, in the order of the wire. A view where they are bytes. */
export function samplesOf({ scalar, byteOrder, data }: ImageBody): ArrayLike<number> & { readonly length: number } {
  if (scalar === "u8") return data;
  const view = new DataView(data.buffer, data.byteOffset, data.length),
    little = byteOrder === "little";
  const count = data.length / scalars[scalar].bytes;
  const fill = <T extends Int16Array | Float32Array | Float64Array>(out: T, get: (i: number) => number): T => {
    for (let i = 0; i < count; i++) out[i] = get(i);
    return out;
  };
  switch (scalar) {
    case "i8":
      return fill(new Int16Array(count), (i) => view.getInt8(i));
    case "i16":
      return fill(new Int16Array(count), (i) => view.getInt16(i * 2, little));
    case "u16":
      return fill(new Float32Array(count), (i) => view.getUint16(i * 2, little));
    case "i32":
      return fill(new Float64Array(count), (i) => view.getInt32(i * 4, little));
    case "u32":
      return fill(new Float64Array(count), (i) => view.getUint32(i * 4, little));
    case "f32":
      return fill(new Float32Array(count), (i) => view.getFloat32(i * 4, little));
    case "f64":
      return fill(new Float64Array(count), (i) => view.getFloat64(i * 8, little));
  }
}

/** With the centre of the first pixel in the last column instead of the centre of the image. */
export function cornerMatrix({ matrix, size }: Pick<ImageBody, "matrix" | "size">): Float64Array {
  return shifted(matrix, size, -0.5);
}

/** The inverse of `cornerMatrix`: from the matrix that maps pixel indices to mm. */
export function centreMatrix(matrix: Readonly<Float64Array>, size: Triple): Float64Array {
  return shifted(matrix, size, 0.5);
}

function shifted(matrix: Readonly<Float64Array>, size: Triple, share: number): Float64Array {
  const m = Float64Array.from(matrix);
  for (let row = 0; row < 12; row += 4) {
    for (const axis of [0, 1, 2] as const) m[row + 3]! += share * (size[axis] - 1) * m[row + axis]!;
  }
  return m;
}

/** Length of the columns, mm. */
export function imageSpacing({ matrix: m }: Pick<ImageBody, "matrix">): Triple {
  return [Math.hypot(m[0]!, m[4]!, m[8]!), Math.hypot(m[1]!, m[5]!, m[9]!), Math.hypot(m[2]!, m[6]!, m[10]!)];
}
