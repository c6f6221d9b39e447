import { FormatError } from "../../core/errors.ts";
import type { ParsedMesh } from "./parsed-mesh.ts";
import { TextScanner } from "./text.ts";

const REMEDY = "Export the PLY file again";
/** Real headers have a few hundred bytes; comments may be long. */
const MAX_HEADER_BYTES = 1 << 16;

type Scalar = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64";

const SCALARS: Readonly<Record<string, Scalar>> = {
  char: "i8", uchar: "u8", short: "i16", ushort: "u16", int: "i32", uint: "u32", float: "f32", double: "f64",
  int8: "i8", uint8: "u8", int16: "i16", uint16: "u16", int32: "i32", uint32: "u32", float32: "f32", float64: "f64",
}; // prettier-ignore

const BYTES: Readonly<Record<Scalar, number>> = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, f64: 8 };

type Property =
  | { readonly kind: "scalar"; readonly name: string; readonly type: Scalar }
  | { readonly kind: "list"; readonly name: string; readonly countType: Scalar; readonly type: Scalar };

interface Element {
  readonly name: string;
  readonly count: number;
  readonly line: number;
  readonly properties: Property[];
}

interface Header {
  readonly encoding: "ascii" | "little" | "big";
  readonly elements: readonly Element[];
  readonly comments: string;
  readonly bytes: number;
  readonly lines: number;
}

/** Where the numbers of the body come from: text or bytes, in either byte order. */
interface Source {
  scalar(type: Scalar): number;
  /** Bytes that are left: an upper bound of what can follow. */
  remaining(): number;
  /** The least number of bytes that a value of this type takes. */
  least(type: Scalar): number;
  fail(problem: string): never;
}

export function startsWithPly(bytes: Uint8Array): boolean {
  const [p, l, y, end] = bytes;
  return p === 0x70 && l === 0x6c && y === 0x79 && (end === 0x0a || end === 0x0d);
}

/** ASCII and binary of both byte orders. Positions, faces and float properties of vertices are kept; the rest is passed over. */
export function parsePly(bytes: Uint8Array, fileName: string): ParsedMesh {
  const header = parseHeader(bytes, fileName);
  const body = bytes.subarray(header.bytes);
  const source =
    header.encoding === "ascii"
      ? textSource(body, fileName, header.lines + 1)
      : binarySource(body, fileName, header.bytes, header.encoding === "little");
  let positions: Float32Array | undefined, triangles: Uint32Array | undefined;
  let vertexScalars: ReadonlyMap<string, Float32Array> = new Map();
  const warnings: string[] = [];
  for (const element of header.elements) {
    const least = element.properties.reduce((n, p) => n + source.least(p.kind === "list" ? p.countType : p.type), 0);
    const empty = element.count > 0 && element.properties.length === 0;
    if (empty || element.count * least > source.remaining()) {
      throw new FormatError(
        fileName,
        { field: `line ${element.line}` },
        `says ${element.count} of "${element.name}", which the ${source.remaining()} bytes that follow cannot hold`,
        REMEDY,
      );
    }
    if (element.name === "vertex") ({ positions, scalars: vertexScalars } = readVertices(source, element));
    else if (element.name === "face") triangles = readFaces(source, element, warnings);
    else if (element.name === "tristrips") source.fail("holds triangle strips, which are not read");
    else for (let i = 0; i < element.count; i++) for (const p of element.properties) skip(source, p);
  }
  if (!positions) throw new FormatError(fileName, { whole: true }, `has no element "vertex"`, REMEDY);
  triangles ??= new Uint32Array(0);
  const vertices = positions.length / 3;
  for (let i = 0; i < triangles.length; i++) {
    if (triangles[i]! >= vertices) {
      throw new FormatError(
        fileName,
        { field: `face (triangle ${Math.floor(i / 3)})` },
        `names vertex ${triangles[i]}, but there are ${vertices}`,
        REMEDY,
      );
    }
  }
  return { mesh: { positions, triangles }, vertexScalars, marker: header.comments, warnings };
}

/** Properties of vertices that are floats but no quantity of their own. */
const GEOMETRY = ["x", "y", "z", "nx", "ny", "nz", "u", "v", "s", "t"];

function readVertices(
  source: Source,
  { count, properties }: Element,
): { positions: Float32Array; scalars: Map<string, Float32Array> } {
  const axes = properties.map((p) => (p.kind === "scalar" ? ["x", "y", "z"].indexOf(p.name) : -1));
  if (![0, 1, 2].every((axis) => axes.filter((a) => a === axis).length === 1)) {
    source.fail(`the vertices need the properties x, y and z, once each`);
  }
  const positions = new Float32Array(3 * count);
  const scalars = new Map<string, Float32Array>();
  const kept = properties.map((p) => {
    const isScalar = p.kind === "scalar" && (p.type === "f32" || p.type === "f64") && !GEOMETRY.includes(p.name);
    if (isScalar && !scalars.has(p.name)) scalars.set(p.name, new Float32Array(count));
    return isScalar ? scalars.get(p.name) : undefined;
  });
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < properties.length; p++) {
      const property = properties[p]!,
        axis = axes[p]!,
        values = kept[p];
      if (values && property.kind === "scalar") {
        values[i] = source.scalar(property.type);
        continue;
      }
      if (axis < 0 || property.kind === "list") {
        skip(source, property);
        continue;
      }
      const value = Math.fround(source.scalar(property.type));
      if (!Number.isFinite(value)) source.fail(`${property.name} of vertex ${i} is ${value}`);
      positions[3 * i + axis] = value;
    }
  }
  return { positions, scalars };
}

function readFaces(source: Source, { count, properties }: Element, warnings: string[]): Uint32Array {
  const list = properties.findIndex((p) => p.name === "vertex_indices" || p.name === "vertex_index");
  const indices = properties[list];
  if (indices?.kind !== "list") return source.fail(`the faces have no list "vertex_indices"`);
  let triangles = new Uint32Array(3 * count);
  let used = 0,
    polygons = 0,
    tooFew = 0;
  for (let face = 0; face < count; face++) {
    for (let p = 0; p < properties.length; p++) {
      if (p !== list) {
        skip(source, properties[p]!);
        continue;
      }
      const corners = listLength(source, indices);
      if (corners > 3) polygons++;
      if (corners < 3) tooFew++;
      let first = 0,
        previous = 0;
      for (let corner = 0; corner < corners; corner++) {
        const index = source.scalar(indices.type);
        if (!(Number.isInteger(index) && index >= 0 && index <= 0xffffffff)) {
          source.fail(`face ${face} names vertex ${index}`);
        }
        if (corner === 0) first = index;
        if (corner >= 2) {
          if (used + 3 > triangles.length) {
            const larger = new Uint32Array(2 * triangles.length + 3);
            larger.set(triangles);
            triangles = larger;
          }
          triangles[used++] = first;
          triangles[used++] = previous;
          triangles[used++] = index;
        }
        previous = index;
      }
    }
  }
  if (polygons > 0) warnings.push(`${polygons} faces with more than three corners were split into fans of triangles`);
  if (tooFew > 0) warnings.push(`${tooFew} faces with fewer than three corners were left out`);
  return triangles.slice(0, used);
}

function skip(source: Source, property: Property): void {
  if (property.kind === "scalar") source.scalar(property.type);
  else for (let n = listLength(source, property); n > 0; n--) source.scalar(property.type);
}

function listLength(source: Source, { countType, type, name }: Property & { kind: "list" }): number {
  const length = source.scalar(countType);
  if (!(Number.isInteger(length) && length >= 0 && length * source.least(type) <= source.remaining())) {
    source.fail(`a list "${name}" says it has ${length} entries, which the rest of the file cannot hold`);
  }
  return length;
}

function parseHeader(bytes: Uint8Array, fileName: string): Header {
  let encoding: Header["encoding"] | undefined;
  const elements: Element[] = [];
  let comments = "",
    at = 0;
  for (let line = 1; ; line++) {
    const fail = (problem: string): never => {
      throw new FormatError(fileName, { field: `line ${line}` }, problem, REMEDY);
    };
    let end = at;
    const limit = Math.min(bytes.length, MAX_HEADER_BYTES);
    while (end < limit && bytes[end] !== 0x0a && bytes[end] !== 0x0d) end++;
    if (end === limit) fail(`the header has no "end_header" within its first ${limit} bytes`);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString("latin1");
    // Lines end with \n or \r\n; with \r alone in files of old Macs.
    at = end + (bytes[end] === 0x0d && bytes[end + 1] === 0x0a ? 2 : 1);
    const [keyword, ...words] = text.trim().split(/\s+/);
    if (line === 1 || keyword === "") continue;
    if (keyword === "end_header") {
      if (!encoding) return fail(`no "format" line in the header`);
      return { encoding, elements, comments, bytes: at, lines: line };
    }
    if (keyword === "comment" || keyword === "obj_info") comments += ` ${words.join(" ")}`;
    else if (keyword === "format") {
      const kinds = { ascii: "ascii", binary_little_endian: "little", binary_big_endian: "big" } as const;
      const kind = Object.entries(kinds).find(([name]) => name === words[0])?.[1];
      if (!kind || words[1] !== "1.0") fail(`unknown format "${words.join(" ").slice(0, 40)}"`);
      encoding = kind;
    } else if (keyword === "element") {
      const [name = "", number = ""] = words;
      const count = /^\d{1,10}$/.test(number) ? Number(number) : NaN;
      if (!(count <= 0xffffffff)) fail(`element "${name.slice(0, 40)}": not a count: "${number.slice(0, 40)}"`);
      if (elements.some((e) => e.name === name)) fail(`element "${name.slice(0, 40)}" occurs twice`);
      elements.push({ name, count, line, properties: [] });
    } else if (keyword === "property") {
      const element = elements.at(-1) ?? fail("a property before the first element");
      element.properties.push(parseProperty(words, fail));
    } else fail(`unknown keyword "${(keyword ?? "").slice(0, 40)}"`);
  }
}

function parseProperty(words: readonly string[], fail: (problem: string) => never): Property {
  const scalar = (word: string | undefined): Scalar =>
    (word !== undefined && Object.hasOwn(SCALARS, word) ? SCALARS[word] : undefined) ??
    fail(`unknown type "${(word ?? "").slice(0, 40)}"`);
  if (words[0] !== "list") return { kind: "scalar", type: scalar(words[0]), name: words[1] ?? "" };
  const countType = scalar(words[1]);
  if (countType === "f32" || countType === "f64") fail("a list cannot be counted in fractions");
  return { kind: "list", countType, type: scalar(words[2]), name: words[3] ?? "" };
}

function textSource(body: Uint8Array, fileName: string, firstLine: number): Source {
  const scanner = new TextScanner(body, fileName, REMEDY, firstLine);
  let words = 0;
  return {
    scalar(type) {
      const word = scanner.word();
      if (word === undefined) return scanner.fail("the file ends before all values are read");
      words++;
      const value = Number(word);
      // A user's own property may be NaN; positions are checked where they are stored.
      if (Number.isNaN(value) && !/^[-+]?nan$/i.test(word)) scanner.fail(`not a number: "${word.slice(0, 40)}"`);
      if (type !== "f32" && type !== "f64" && !Number.isInteger(value)) {
        scanner.fail(`expected a whole number, found "${word.slice(0, 40)}"`);
      }
      return value;
    },
    remaining: () => body.length - 2 * words + 1, // a value takes one character and what parts it from the next
    least: () => 2,
    fail: (problem) => scanner.fail(problem),
  };
}

function binarySource(body: Uint8Array, fileName: string, offset: number, little: boolean): Source {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const fail = (problem: string): never => {
    throw new FormatError(fileName, { byteOffset: offset + at }, problem, REMEDY);
  };
  const read: { readonly [K in Scalar]: (at: number) => number } = {
    i8: (at) => view.getInt8(at),
    u8: (at) => view.getUint8(at),
    i16: (at) => view.getInt16(at, little),
    u16: (at) => view.getUint16(at, little),
    i32: (at) => view.getInt32(at, little),
    u32: (at) => view.getUint32(at, little),
    f32: (at) => view.getFloat32(at, little),
    f64: (at) => view.getFloat64(at, little),
  };
  return {
    scalar(type) {
      if (at + BYTES[type] > body.length) fail("the file ends before all values are read");
      const value = read[type](at);
      at += BYTES[type];
      return value;
    },
    remaining: () => body.length - at,
    least: (type) => BYTES[type],
    fail,
  };
}
