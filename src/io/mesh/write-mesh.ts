import { extname } from "node:path";
import { type Mesh, triangleCount, triangleNormal, vertexCount } from "../../geometry/mesh.ts";
import { writeFileAtomic } from "../atomic.ts";
import { encodeGlb } from "./glb.ts";

export type MeshFormat = "stl" | "ply" | "obj" | "glb";

export interface VertexScalars {
  /** Becomes the name of the PLY property, e.g. "error_mm": letters, digits and underscores. */
  readonly name: string;
  /** One a vertex; may hold NaN where there is no value. */
  readonly values: Float32Array | Float64Array;
}

export interface MeshAttributes {
  readonly vertexScalars?: readonly VertexScalars[];
  /** Red, green, blue of each vertex, interleaved. */
  readonly vertexColours?: Uint8Array;
}

export interface WriteMeshOptions extends MeshAttributes {
  /** By the ending of the name when absent. */
  readonly format?: MeshFormat;
}

/** By this text 3D Slicer knows that a mesh is in LPS (reference: its model storage node, STL/PLY/OBJ alike). */
const MARKER = "3D Slicer output. SPACE=LPS";

const LITTLE_ENDIAN = true;

/** The mesh must be in LPS, mm. STL holds the shape alone; PLY also scalars and colours, OBJ also colours. */
export async function writeMesh(path: string, mesh: Mesh, options: WriteMeshOptions = {}): Promise<void> {
  const format = options.format ?? extname(path).slice(1).toLowerCase();
  if (!isMeshFormat(format)) {
    throw new RangeError(`${path}: a mesh is written as .stl, .ply, .obj or .glb, not as "${format}"`);
  }
  await writeFileAtomic(path, encoders[format](mesh, options));
}

/** The same as bytes. */
export const encodeMesh = (mesh: Mesh, format: MeshFormat, attributes: MeshAttributes = {}): Uint8Array =>
  encoders[format](mesh, attributes);

const encoders: { readonly [F in MeshFormat]: (mesh: Mesh, attributes: MeshAttributes) => Uint8Array } = {
  stl: (mesh, attributes) => {
    withoutAttributes("STL", attributes);
    return encodeStl(mesh);
  },
  glb: (mesh, attributes) => {
    withoutAttributes("GLB, as written here,", attributes);
    checkMesh(mesh);
    return encodeGlb(mesh);
  },
  ply: encodePly,
  obj: (mesh, attributes) => {
    if (attributes.vertexScalars?.length) throw new RangeError("OBJ holds no scalars: write them as PLY");
    return encodeObj(mesh, attributes);
  },
};

function withoutAttributes(format: string, { vertexScalars, vertexColours }: MeshAttributes): void {
  if (vertexScalars?.length || vertexColours) {
    throw new RangeError(`${format} holds neither scalars nor colours: write them as PLY`);
  }
}

function isMeshFormat(format: string): format is MeshFormat {
  return Object.hasOwn(encoders, format);
}

/** Binary STL; the 80-byte header carries the LPS marker and does not begin with "solid". */
export function encodeStl(mesh: Mesh): Uint8Array {
  checkMesh(mesh);
  const { positions, triangles } = mesh;
  const count = triangleCount(mesh);
  const bytes = new Uint8Array(84 + 50 * count);
  bytes.set(Buffer.from(MARKER, "latin1"));
  const view = new DataView(bytes.buffer);
  view.setUint32(80, count, LITTLE_ENDIAN);
  for (let i = 0, at = 84; i < count; i++) {
    const normal = triangleNormal(mesh, i);
    const length = Math.hypot(...normal) || 1;
    for (const component of normal) at = putFloat(view, at, component / length);
    for (let corner = 0; corner < 3; corner++) {
      const v = triangles[3 * i + corner]! * 3;
      for (let axis = 0; axis < 3; axis++) at = putFloat(view, at, positions[v + axis]!);
    }
    at += 2; // attribute byte count, 0
  }
  return bytes;
}

/** Binary little-endian PLY: x y z, then the scalars as floats, then red green blue; faces as lists of three ints. */
export function encodePly(mesh: Mesh, { vertexScalars = [], vertexColours }: MeshAttributes = {}): Uint8Array {
  checkMesh(mesh);
  const vertices = vertexCount(mesh),
    faces = triangleCount(mesh);
  for (const { name, values } of vertexScalars) {
    if (values.length !== vertices) throw new RangeError(`${values.length} values of ${name} for ${vertices} vertices`);
    if (!/^[A-Za-z_]\w{0,62}$/.test(name)) throw new RangeError(`"${name}" cannot name a PLY property`);
  }
  checkColours(vertexColours, vertices);
  const header = Buffer.from(
    [
      "ply",
      "format binary_little_endian 1.0",
      `comment ${MARKER}`,
      `element vertex ${vertices}`,
      "property float x",
      "property float y",
      "property float z",
      ...vertexScalars.map(({ name }) => `property float ${name}`),
      ...(vertexColours ? ["property uchar red", "property uchar green", "property uchar blue"] : []),
      `element face ${faces}`,
      "property list uchar int vertex_indices",
      "end_header\n",
    ].join("\n"),
    "latin1",
  );
  const stride = 12 + 4 * vertexScalars.length + (vertexColours ? 3 : 0);
  const bytes = new Uint8Array(header.length + stride * vertices + 13 * faces);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (let v = 0; v < vertices; v++) {
    for (let axis = 0; axis < 3; axis++) at = putFloat(view, at, mesh.positions[3 * v + axis]!);
    for (const { values } of vertexScalars) at = putFloat(view, at, values[v]!);
    if (vertexColours) for (let c = 0; c < 3; c++) bytes[at++] = vertexColours[3 * v + c]!;
  }
  for (let i = 0; i < faces; i++) {
    bytes[at++] = 3;
    for (let corner = 0; corner < 3; corner++, at += 4) {
      view.setInt32(at, mesh.triangles[3 * i + corner]!, LITTLE_ENDIAN);
    }
  }
  return bytes;
}

/** Text with the fewest digits that give back the same floats; colours as MeshLab writes them, behind x y z. */
export function encodeObj(mesh: Mesh, { vertexColours }: Pick<MeshAttributes, "vertexColours"> = {}): Uint8Array {
  checkMesh(mesh);
  const { positions: p, triangles: t } = mesh;
  checkColours(vertexColours, vertexCount(mesh));
  const lines = [`# ${MARKER}`];
  for (let v = 0; v < p.length; v += 3) {
    const colour = vertexColours ? ` ${[0, 1, 2].map((c) => (vertexColours[v + c]! / 255).toFixed(4)).join(" ")}` : "";
    lines.push(`v ${shortest(p[v]!)} ${shortest(p[v + 1]!)} ${shortest(p[v + 2]!)}${colour}`);
  }
  for (let i = 0; i < t.length; i += 3) lines.push(`f ${t[i]! + 1} ${t[i + 1]! + 1} ${t[i + 2]! + 1}`);
  lines.push("");
  return Buffer.from(lines.join("\n"), "latin1");
}

function putFloat(view: DataView, at: number, value: number): number {
  view.setFloat32(at, value, LITTLE_ENDIAN);
  return at + 4;
}

/** Nine digits always identify a single-precision float; often fewer do. */
function shortest(value: number): string {
  for (const digits of [6, 7, 8]) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

/** A mesh that breaks its own rules is a fault of the caller and is never written. */
function checkMesh({ positions, triangles }: Mesh): void {
  if (positions.length % 3 !== 0 || triangles.length % 3 !== 0) {
    throw new RangeError(`${positions.length} coordinates and ${triangles.length} indices are not multiples of three`);
  }
  const vertices = positions.length / 3;
  if (vertices > 0x7fffffff) throw new RangeError(`${vertices} vertices are more than any mesh file can number`);
  for (let i = 0; i < positions.length; i++) {
    if (!Number.isFinite(positions[i]!)) throw new RangeError(`vertex ${Math.floor(i / 3)} is not finite`);
  }
  for (let i = 0; i < triangles.length; i++) {
    if (triangles[i]! >= vertices) throw new RangeError(`triangle ${Math.floor(i / 3)} names vertex ${triangles[i]}`);
  }
}

function checkColours(colours: Uint8Array | undefined, vertices: number): void {
  if (colours && colours.length !== 3 * vertices) {
    throw new RangeError(`${colours.length} colour values for ${vertices} vertices`);
  }
}
