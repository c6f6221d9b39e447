import { FormatError } from "../../core/errors.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import { meshBounds, vertexCount } from "../../geometry/mesh.ts";
import type { ParsedMesh } from "./parsed-mesh.ts";

/** glTF 2.0 in one binary file (Khronos, glTF 2.0 §4.4). Numbers of its headers. */
const MAGIC = 0x46546c67,
  VERSION = 2,
  JSON_CHUNK = 0x4e4f534a,
  BIN_CHUNK = 0x004e4942;
const FLOAT = 5126,
  UNSIGNED_INT = 5125,
  UNSIGNED_SHORT = 5123,
  UNSIGNED_BYTE = 5121;
const VERTICES = 34962,
  INDICES = 34963,
  TRIANGLES = 4;

/** By this text 3D Slicer, and our own reader, know the axes; the others take what stands in the scene. */
const MARKER = "3D Slicer output. SPACE=LPS";

const pad = (bytes: Uint8Array, fill: number): Uint8Array => {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(fill);
  whole.set(bytes);
  return whole;
};

/**
 * GLB with the vertices in mm and LPS as they are. glTF means metres with y up, so the node that holds the mesh turns
 * and scales it: programs show it upright and in its true size, and who reads the vertices alone reads millimetres.
 */
export function encodeGlb(mesh: Mesh, { name = "bone" }: { readonly name?: string } = {}): Uint8Array {
  const vertices = vertexCount(mesh);
  const { min, max } = meshBounds(mesh);
  const positions = new Uint8Array(mesh.positions.buffer, mesh.positions.byteOffset, mesh.positions.byteLength);
  const indices = new Uint8Array(mesh.triangles.buffer, mesh.triangles.byteOffset, mesh.triangles.byteLength);
  const json = {
    asset: { version: "2.0", generator: MARKER, extras: { space: "LPS", unit: "mm" } },
    scene: 0,
    scenes: [{ nodes: [0] }],
    // Columns: L to −x (the viewer faces the patient), P to −z, S to y; metres.
    nodes: [{ name, mesh: 0, matrix: [0.001, 0, 0, 0, 0, 0, -0.001, 0, 0, 0.001, 0, 0, 0, 0, 0, 1] }],
    meshes: [{ name, primitives: [{ attributes: { POSITION: 0 }, indices: 1, mode: TRIANGLES }] }],
    accessors: [
      { bufferView: 0, componentType: FLOAT, count: vertices, type: "VEC3", min, max },
      { bufferView: 1, componentType: UNSIGNED_INT, count: mesh.triangles.length, type: "SCALAR" },
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: positions.length, target: VERTICES },
      { buffer: 0, byteOffset: positions.length, byteLength: indices.length, target: INDICES },
    ],
    buffers: [{ byteLength: positions.length + indices.length }],
  };
  const text = pad(new TextEncoder().encode(JSON.stringify(json)), 0x20);
  const binary = new Uint8Array(positions.length + indices.length);
  binary.set(positions);
  binary.set(indices, positions.length);
  const out = new Uint8Array(12 + 8 + text.length + 8 + binary.length);
  const view = new DataView(out.buffer);
  const words = [MAGIC, VERSION, out.length, text.length, JSON_CHUNK];
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  out.set(text, 20);
  view.setUint32(20 + text.length, binary.length, true);
  view.setUint32(24 + text.length, BIN_CHUNK, true);
  out.set(binary, 28 + text.length);
  return out;
}

export const startsWithGlb = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && bytes[0] === 0x67 && bytes[1] === 0x6c && bytes[2] === 0x54 && bytes[3] === 0x46;

interface Accessor {
  readonly bufferView?: number;
  readonly byteOffset?: number;
  readonly componentType?: number;
  readonly count?: number;
  readonly type?: string;
}

/** The vertices of the first triangle mesh as they stand in the file; nodes do not move them. */
export function parseGlb(bytes: Uint8Array, fileName: string): ParsedMesh {
  const fail = (problem: string, byteOffset = 0): FormatError =>
    new FormatError(fileName, { byteOffset }, problem, "Export it again as binary glTF with one mesh of triangles");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || view.getUint32(4, true) !== VERSION) throw fail("is no GLB of version 2", 4);
  if (view.getUint32(8, true) !== bytes.length) throw fail("is cut off or has something behind it", 8);
  const jsonLength = view.getUint32(12, true);
  if (view.getUint32(16, true) !== JSON_CHUNK || 20 + jsonLength > bytes.length) throw fail("has no description", 12);
  const root = jsonOf(bytes.subarray(20, 20 + jsonLength));
  if (!root) throw fail("its description is no JSON", 20);
  const binaryAt = 28 + jsonLength;
  if (binaryAt > bytes.length || view.getUint32(24 + jsonLength, true) !== BIN_CHUNK) {
    throw fail("holds no vertices of its own", 20 + jsonLength);
  }
  const binary = bytes.subarray(binaryAt, Math.min(bytes.length, binaryAt + view.getUint32(20 + jsonLength, true)));
  const [first] = list(root["meshes"]);
  const [primitive] = list(first?.["primitives"]);
  if (!primitive || (primitive["mode"] ?? TRIANGLES) !== TRIANGLES) throw fail("its first mesh has no triangles", 20);
  const attributes = primitive["attributes"];
  const at = isRecord(attributes) ? attributes["POSITION"] : undefined;
  const accessors = list(root["accessors"]),
    views = list(root["bufferViews"]);
  const values = (index: unknown, type: string, allowed: readonly number[], components: number): Float64Array => {
    const accessor = (typeof index === "number" ? accessors[index] : undefined) as Accessor | undefined;
    const { byteOffset = 0, componentType = 0, count = -1 } = accessor ?? {};
    const slice = accessor && views[accessor.bufferView ?? -1];
    if (!accessor || !slice || accessor.type !== type || !allowed.includes(componentType)) {
      throw fail(
        `has ${type === "VEC3" ? "positions" : "indices"} that are not read here (packed, sparse or absent)`,
        20,
      );
    }
    const size = componentType === UNSIGNED_BYTE ? 1 : componentType === UNSIGNED_SHORT ? 2 : 4;
    const stride = Number(slice["byteStride"] ?? size * components),
      from = Number(slice["byteOffset"] ?? 0) + byteOffset;
    const end = from + (count - 1) * stride + size * components;
    const whole = [stride, from, count].every((n) => Number.isInteger(n) && n >= 0) && stride >= size * components;
    if (!whole || (count > 0 && end > binary.length)) throw fail("names vertices beyond its end", 20);
    const data = new DataView(binary.buffer, binary.byteOffset, binary.byteLength);
    const read = { 1: "getUint8", 2: "getUint16", 4: componentType === FLOAT ? "getFloat32" : "getUint32" } as const;
    const get = read[size as 1 | 2 | 4];
    return Float64Array.from({ length: count * components }, (_, i) =>
      data[get](from + Math.floor(i / components) * stride + (i % components) * size, true),
    );
  };
  const positions = Float32Array.from(values(at, "VEC3", [FLOAT], 3));
  if (!positions.every(Number.isFinite)) throw fail("has a vertex that is not finite", binaryAt);
  const vertices = positions.length / 3;
  const indices =
    primitive["indices"] === undefined
      ? Float64Array.from({ length: vertices }, (_, i) => i)
      : values(primitive["indices"], "SCALAR", [UNSIGNED_BYTE, UNSIGNED_SHORT, UNSIGNED_INT], 1);
  if (indices.length % 3 !== 0 || indices.some((v) => v >= vertices))
    throw fail("names a vertex that is not there", 20);
  const asset = root["asset"];
  const marker = isRecord(asset) && typeof asset["generator"] === "string" ? asset["generator"].slice(0, 200) : "";
  const warnings = /SPACE=/.test(marker)
    ? []
    : ["glTF says neither mm nor LPS: its numbers were read as millimetres in LPS, and its nodes' moves left out"];
  return { mesh: { positions, triangles: Uint32Array.from(indices) }, marker, warnings };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function jsonOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
