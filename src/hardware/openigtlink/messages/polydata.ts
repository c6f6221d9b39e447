import { triangleCount, vertexCount, type Mesh } from "../../../geometry/mesh.ts";
import type { ByteReader } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import type { Codec } from "./codec.ts";

/** Vertices, lines, polygons or strips: `runs` is one run a cell, its length first: 3, a, b, c, 3, … */
export interface Cells {
  readonly count: number;
  readonly runs: Uint32Array;
}

export interface PolyDataAttribute {
  readonly name: string;
  /** 0 scalar, 1 vector, 2 normal, 3 tensor, 4 RGBA of the points; 16 more for those of the cells. */
  readonly kind: number;
  readonly components: number;
  readonly values: Float32Array;
}

export interface PolyDataBody {
  readonly type: "POLYDATA";
  /** Interleaved xyz, mm. */
  readonly points: Float32Array;
  readonly vertices: Cells;
  readonly lines: Cells;
  readonly polygons: Cells;
  readonly strips: Cells;
  readonly attributes: readonly PolyDataAttribute[];
}

export const polyData: Codec<PolyDataBody> = {
  decode(read) {
    const pointCount = read.u32();
    const sizes = [0, 1, 2, 3].map(() => ({ count: read.u32(), bytes: read.u32() }));
    const attributeCount = read.u32();
    const points = read.f32Array(pointCount * 3);
    const [vertices, lines, polygons, strips] = sizes.map((size) => readCells(read, size, pointCount));
    if (!vertices || !lines || !polygons || !strips) throw read.fail("the cells are missing");
    return {
      type: "POLYDATA",
      points,
      vertices,
      lines,
      polygons,
      strips,
      attributes: attributesOf(read, attributeCount),
    };
  },
  encode({ points, vertices, lines, polygons, strips, attributes }) {
    const groups = [vertices, lines, polygons, strips];
    const nameBytes = attributes.reduce((sum, { name }) => sum + Buffer.byteLength(name, "latin1") + 1, 0);
    const padding = nameBytes % 2;
    const size =
      40 +
      points.length * 4 +
      groups.reduce((sum, { runs }) => sum + runs.length * 4, 0) +
      attributes.reduce((sum, { values }) => sum + 6 + values.length * 4, nameBytes + padding);
    const out = new ByteWriter(size).u32(points.length / 3);
    for (const { count, runs } of groups) out.u32(count).u32(runs.length * 4);
    out.u32(attributes.length).f32Array(points);
    for (const { runs } of groups) out.u32Array(runs);
    for (const { kind, components, values } of attributes) {
      out
        .u8(kind)
        .u8(components)
        .u32(values.length / components);
    }
    for (const { name } of attributes) out.name(name, Buffer.byteLength(name, "latin1") + 1);
    if (padding) out.u8(0);
    for (const { values } of attributes) out.f32Array(values);
    return out.finish();
  },
};

/** Every run must lie in the group, and every index must name a point. */
function readCells(read: ByteReader, { count, bytes }: { count: number; bytes: number }, points: number): Cells {
  if (bytes % 4 !== 0) throw read.fail(`a group of cells of ${bytes} bytes`);
  const runs = read.u32Array(bytes / 4);
  let at = 0;
  for (let cell = 0; cell < count; cell++) {
    const length = runs[at];
    if (length === undefined || length > runs.length - at - 1) throw read.fail("a cell reaches beyond its group");
    for (let i = at + 1; i <= at + length; i++) {
      if (runs[i]! >= points) throw read.fail(`a cell names point ${runs[i]!} of ${points}`);
    }
    at += length + 1;
  }
  if (at !== runs.length) throw read.fail(`${runs.length - at} numbers are left over behind ${count} cells`);
  return { count, runs };
}

function attributesOf(read: ByteReader, count: number): PolyDataAttribute[] {
  read.need(count * 6);
  const heads = Array.from({ length: count }, () => ({ kind: read.u8(), components: read.u8(), count: read.u32() }));
  if (heads.some(({ components }) => components === 0)) throw read.fail("an attribute has no components");
  const before = read.left;
  const names = heads.map(() => read.terminated());
  if ((before - read.left) % 2 === 1) read.u8();
  return heads.map(({ kind, components, count: values }, i) => ({
    name: names[i] ?? "",
    kind,
    components,
    values: read.f32Array(values * components),
  }));
}

const none: Cells = { count: 0, runs: new Uint32Array(0) };

/** The triangles as polygons; `perVertex` gives named numbers of the vertices, one each. */
export function polyDataFromMesh(mesh: Mesh, perVertex: Readonly<Record<string, Float32Array>> = {}): PolyDataBody {
  const count = triangleCount(mesh),
    runs = new Uint32Array(count * 4);
  for (let i = 0; i < count; i++) {
    runs[i * 4] = 3;
    runs.set(mesh.triangles.subarray(i * 3, i * 3 + 3), i * 4 + 1);
  }
  const attributes = Object.entries(perVertex).map(([name, values]) => {
    if (values.length !== vertexCount(mesh)) throw new RangeError(`"${name}" has not one value a vertex`);
    return { name, kind: 0, components: 1, values };
  });
  const points = mesh.positions;
  return { type: "POLYDATA", points, vertices: none, lines: none, polygons: { count, runs }, strips: none, attributes };
}

/** Polygons as fans, strips with every second triangle turned; vertices and lines have no area and are left out. */
export function meshFromPolyData({ points, polygons, strips }: PolyDataBody): Mesh {
  const triangles: number[] = [];
  for (const [first, length] of cellsOf(polygons)) {
    for (let i = 1; i + 1 < length; i++) {
      triangles.push(polygons.runs[first]!, polygons.runs[first + i]!, polygons.runs[first + i + 1]!);
    }
  }
  for (const [first, length] of cellsOf(strips)) {
    for (let i = 0; i + 2 < length; i++) {
      const a = strips.runs[first + i]!,
        b = strips.runs[first + i + 1]!;
      triangles.push(...(i % 2 === 0 ? [a, b] : [b, a]), strips.runs[first + i + 2]!);
    }
  }
  return { positions: points, triangles: Uint32Array.from(triangles) };
}

/** Where each cell's indices begin, and how many there are. */
function* cellsOf({ runs }: Cells): Generator<readonly [number, number]> {
  for (let at = 0; at < runs.length; at += runs[at]! + 1) yield [at + 1, runs[at]!];
}
