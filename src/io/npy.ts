import { FormatError } from "../core/errors.ts";

/** An array as NumPy keeps it: C order, little endian. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

const MAGIC = "\u0093NUMPY";
/** Version 1.0: six bytes of magic, two of version, two of the header's length. */
const PREFIX = 10;
const ALIGN = 64;

/** The head of a .npy file (version 1.0), after which the numbers follow: unsigned bytes unless `descr` says else. */
export function npyHead(shape: readonly number[], descr: "|u1" | "<f4" | "<f8" = "|u1"): Uint8Array {
  const words = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const length = Math.ceil((PREFIX + words.length + 1) / ALIGN) * ALIGN;
  const head = new Uint8Array(length).fill(0x20);
  head.set(Buffer.from(MAGIC, "latin1"));
  head.set([1, 0], 6);
  new DataView(head.buffer).setUint16(8, length - PREFIX, true);
  head.set(Buffer.from(words, "latin1"), PREFIX);
  head[length - 1] = 0x0a;
  return head;
}

const readers: Readonly<
  Record<string, { readonly bytes: number; readonly read: (view: DataView, at: number) => number }>
> = {
  "|u1": { bytes: 1, read: (view, at) => view.getUint8(at) },
  "<i4": { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  "<i8": { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  "<f4": { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "<f8": { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** Reads a .npy file of numbers. Throws a FormatError for anything else; nothing in it is executed. */
export function readNpy(bytes: Uint8Array, path: string): NpyArray {
  const fail = (problem: string, byteOffset: number): never => {
    throw new FormatError(path, { byteOffset }, problem, "Write it with numpy.save: numbers, C order, little endian");
  };
  if (Buffer.from(bytes.subarray(0, 6)).toString("latin1") !== MAGIC) fail("is no .npy file", 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (bytes.length < PREFIX + 2 || major < 1 || major > 3) fail(`has the version ${major}`, 6);
  const start = major === 1 ? PREFIX : PREFIX + 2;
  const headLength = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + headLength > bytes.length) fail("ends within its head", bytes.length);
  const head = Buffer.from(bytes.subarray(start, start + headLength)).toString("latin1");
  const descr = /'descr': '([^']{2,4})'/.exec(head)?.[1] ?? "",
    shapeText = /'shape': \(([\d, ]*)\)/.exec(head)?.[1];
  const reader = Object.hasOwn(readers, descr) ? readers[descr]! : fail(`holds "${descr}"`, start);
  if (!/'fortran_order': False/.test(head) || shapeText === undefined)
    fail("is not in C order, or has no shape", start);
  const shape = shapeText!
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const count = shape.reduce((product, n) => product * n, 1),
    body = start + headLength;
  if (bytes.length - body !== count * reader.bytes) {
    fail(
      `has ${bytes.length - body} bytes of numbers, expected ${count * reader.bytes} for ${shape.join(" × ")}`,
      body,
    );
  }
  return { shape, values: Float64Array.from({ length: count }, (_, i) => reader.read(view, body + i * reader.bytes)) };
}
