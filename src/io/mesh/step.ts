import { UnsuitableInputError } from "../../core/errors.ts";
import { type Mesh, signedVolume, triangleNormal } from "../../geometry/mesh.ts";
import { real, StepFile, UNCERTAINTY_MM } from "./step-file.ts";

export interface StepOptions {
  /** Of the product; shown in the tree of the CAD program. */
  readonly name?: string;
  /** Refused above this: CAD programs take minutes over more planar faces. */
  readonly maxFaces?: number;
}

/** A file of this many faces has about 16 MB. */
export const DEFAULT_MAX_FACES = 20_000;

export interface StepContent {
  readonly bytes: Uint8Array;
  /** Pieces without a border are solids; pieces with one are shells, and never passed off as solids. */
  readonly solids: number;
  readonly shells: number;
}

/**
 * STEP AP214 (ISO 10303-21) with planar triangular faces that share their edges: a MANIFOLD_SOLID_BREP for every
 * closed piece of the mesh, a SHELL_BASED_SURFACE_MODEL for every open one. Millimetres; the axes are the mesh's own.
 * Throws an UnsuitableInputError when an edge has more than two triangles, when neighbours face opposite ways, when a
 * triangle has no area, when a closed piece is inside out, and above `maxFaces`.
 */
export function encodeStep(mesh: Mesh, { name = "bone", maxFaces = DEFAULT_MAX_FACES }: StepOptions = {}): StepContent {
  const faces = mesh.triangles.length / 3;
  if (faces === 0) throw new UnsuitableInputError("the mesh has no triangles", "STEP needs at least one face");
  if (faces > maxFaces) {
    throw new UnsuitableInputError(
      `the mesh has ${faces} triangles and a STEP file is to have at most ${maxFaces} faces`,
      "Decimate it, or allow more with --max-faces",
    );
  }
  const file = new StepFile();
  const context = file.context(name);
  const { edges, piece, isClosed } = topology(mesh);
  const points = writeVertices(file, mesh);
  const curves = writeEdges(file, mesh, edges, points);
  const faceOf = writeFaces(file, mesh, curves, points);
  const solids: string[] = [],
    shells: string[] = [];
  const membersOf = isClosed.map((): number[] => []);
  piece.forEach((p, t) => membersOf[p]!.push(t));
  for (const [p, numbers] of membersOf.entries()) {
    const members = numbers.map((t) => faceOf[t]!);
    if (isClosed[p]) {
      const corners = numbers.flatMap((t) => [3 * t, 3 * t + 1, 3 * t + 2].map((i) => mesh.triangles[i]!));
      const volumeMm3 = signedVolume({ positions: mesh.positions, triangles: Uint32Array.from(corners) });
      if (!(volumeMm3 > 0)) {
        throw new UnsuitableInputError(
          `piece ${p + 1} of the mesh is inside out (volume ${volumeMm3.toPrecision(3)} mm³)`,
          "Turn its triangles",
        );
      }
      solids.push(file.add(`MANIFOLD_SOLID_BREP('',${file.add(`CLOSED_SHELL('',(${members.join(",")}))`)})`));
    } else shells.push(file.add(`OPEN_SHELL('',(${members.join(",")}))`));
  }
  if (shells.length > 0) {
    const model = file.add(`SHELL_BASED_SURFACE_MODEL('',(${shells.join(",")}))`);
    context.place("MANIFOLD_SURFACE_SHAPE_REPRESENTATION", [model]);
  }
  if (solids.length > 0) context.place("ADVANCED_BREP_SHAPE_REPRESENTATION", solids);
  return { bytes: file.bytes(name), solids: solids.length, shells: shells.length };
}

interface Edge {
  readonly from: number;
  readonly to: number;
}

interface Topology {
  /** Every edge once, in the direction in which its first triangle runs through it. */
  readonly edges: ReadonlyMap<number, Edge & { readonly number: number }>;
  /** Per triangle: its piece. */
  readonly piece: Int32Array;
  readonly isClosed: readonly boolean[];
}

/** A pair of vertices, whatever its order. */
const edgeKey = (a: number, b: number, vertices: number): number => Math.min(a, b) * vertices + Math.max(a, b);

function topology({ positions, triangles }: Mesh): Topology {
  const vertices = positions.length / 3,
    faces = triangles.length / 3;
  const edges = new Map<number, Edge & { number: number; used: number; first: number }>();
  const parent = Int32Array.from({ length: faces }, (_, t) => t);
  const root = (t: number): number => {
    let r = t;
    while (parent[r] !== r) r = parent[r] = parent[parent[r]!]!;
    return r;
  };
  for (let t = 0; t < faces; t++) {
    for (let side = 0; side < 3; side++) {
      const from = triangles[3 * t + side]!,
        to = triangles[3 * t + ((side + 1) % 3)]!;
      const key = edgeKey(from, to, vertices),
        known = edges.get(key);
      if (!known) {
        edges.set(key, { from, to, number: edges.size, used: 1, first: t });
        continue;
      }
      if (++known.used > 2) throw unsuitable(from, to, "has more than two triangles");
      if (known.from === from) throw unsuitable(from, to, "lies between triangles that face opposite ways");
      parent[root(t)] = root(known.first);
    }
  }
  const number = new Map<number, number>();
  const piece = Int32Array.from({ length: faces }, (_, t) => {
    const r = root(t);
    if (!number.has(r)) number.set(r, number.size);
    return number.get(r)!;
  });
  const isClosed = Array.from({ length: number.size }, () => true);
  for (const { used, first } of edges.values()) if (used === 1) isClosed[piece[first]!] = false;
  return { edges, piece, isClosed };
}

const unsuitable = (from: number, to: number, why: string): UnsuitableInputError =>
  new UnsuitableInputError(
    `the edge between vertices ${from} and ${to} of the mesh ${why}`,
    "STEP needs a manifold surface: repair or remesh it (Slicer: Surface Toolbox)",
  );

/** References of the CARTESIAN_POINT and the VERTEX_POINT of each vertex that a triangle names. */
interface Points {
  readonly place: readonly string[];
  readonly vertex: readonly string[];
}

function writeVertices(file: StepFile, { positions, triangles }: Mesh): Points {
  const count = positions.length / 3;
  const isUsed = new Uint8Array(count);
  for (const v of triangles) isUsed[v] = 1;
  const place = Array.from({ length: count }, () => ""),
    vertex = Array.from({ length: count }, () => "");
  for (let v = 0; v < count; v++) {
    if (!isUsed[v]) continue;
    const at = [0, 1, 2].map((axis) => real(positions[3 * v + axis]!)).join(",");
    place[v] = file.add(`CARTESIAN_POINT('',(${at}))`);
    vertex[v] = file.add(`VERTEX_POINT('',${place[v]})`);
  }
  return { place, vertex };
}

/** By edge: the EDGE_CURVE, the DIRECTION along it, and where it begins. */
type Curves = ReadonlyMap<number, { readonly curve: string; readonly direction: string; readonly from: number }>;

function writeEdges(file: StepFile, { positions: p }: Mesh, edges: Topology["edges"], points: Points): Curves {
  const curves = new Map<number, { curve: string; direction: string; from: number }>();
  for (const [key, { from, to }] of edges) {
    const d = [0, 1, 2].map((axis) => p[3 * to + axis]! - p[3 * from + axis]!);
    const length = Math.hypot(...d);
    if (!(length > UNCERTAINTY_MM)) throw unsuitable(from, to, "has no length");
    const direction = file.add(`DIRECTION('',(${d.map((v) => real(v / length)).join(",")}))`);
    const vector = file.add(`VECTOR('',${direction},${real(length)})`);
    const line = file.add(`LINE('',${points.place[from]},${vector})`);
    const ends = `${points.vertex[from]},${points.vertex[to]}`;
    curves.set(key, { curve: file.add(`EDGE_CURVE('',${ends},${line},.T.)`), direction, from });
  }
  return curves;
}

function writeFaces(file: StepFile, mesh: Mesh, curves: Curves, points: Points): string[] {
  const { positions, triangles } = mesh;
  const vertices = positions.length / 3;
  return Array.from({ length: triangles.length / 3 }, (_, t) => {
    const corner = [0, 1, 2].map((i) => triangles[3 * t + i]!);
    const sides = corner.map((from, i) => ({
      from,
      curve: curves.get(edgeKey(from, corner[(i + 1) % 3]!, vertices))!,
    }));
    const bounds = sides.map(({ from, curve }) =>
      file.add(`ORIENTED_EDGE('',*,*,${curve.curve},${curve.from === from ? ".T." : ".F."})`),
    );
    const loop = file.add(`EDGE_LOOP('',(${bounds.join(",")}))`);
    const outer = file.add(`FACE_OUTER_BOUND('',${loop},.T.)`);
    const normal = file.add(`DIRECTION('',(${unitNormal(mesh, t).map(real).join(",")}))`);
    const axes = file.add(`AXIS2_PLACEMENT_3D('',${points.place[corner[0]!]},${normal},${sides[0]!.curve.direction})`);
    return file.add(`ADVANCED_FACE('',(${outer}),${file.add(`PLANE('',${axes})`)},.T.)`);
  });
}

function unitNormal(mesh: Mesh, t: number): [number, number, number] {
  const n = triangleNormal(mesh, t);
  const length = Math.hypot(...n);
  if (!(length > UNCERTAINTY_MM * UNCERTAINTY_MM)) {
    throw new UnsuitableInputError(`triangle ${t} of the mesh has no area`, "Remove slivers, or decimate the mesh");
  }
  return [n[0] / length, n[1] / length, n[2] / length];
}
