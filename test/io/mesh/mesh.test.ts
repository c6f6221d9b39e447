import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BufferAttribute, BufferGeometry, Mesh as ThreeMesh } from "three";
import { PLYExporter } from "three/examples/jsm/exporters/PLYExporter.js";
import { STLExporter } from "three/examples/jsm/exporters/STLExporter.js";
import { OBJLoader } from "three/examples/jsm/loaders/OBJLoader.js";
import { PLYLoader } from "three/examples/jsm/loaders/PLYLoader.js";
import { STLLoader } from "three/examples/jsm/loaders/STLLoader.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import type { Rng } from "../../../src/core/rng.ts";
import { edgeDefects, type Mesh, signedVolume, triangleCount, vertexCount } from "../../../src/geometry/mesh.ts";
import { parseMesh, readMesh } from "../../../src/io/mesh/read-mesh.ts";
import { encodeObj, encodePly, encodeStl, writeMesh } from "../../../src/io/mesh/write-mesh.ts";
import { forCases } from "../../support/cases.ts";
import { asciiPly, asciiStl, mutate, octahedron, randomMesh } from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-mesh-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = (s: string): Uint8Array => Buffer.from(s, "latin1");
const expectSame = (a: Mesh, b: Mesh): void => {
  expect(Array.from(a.positions)).toEqual(Array.from(b.positions));
  expect(Array.from(a.triangles)).toEqual(Array.from(b.triangles));
};

/** Corner coordinates, triangle by triangle: what an STL file knows of a mesh. */
const corners = ({ positions: p, triangles: t }: Mesh): number[] =>
  Array.from(t).flatMap((v) => [p[3 * v]! + 0, p[3 * v + 1]! + 0, p[3 * v + 2]! + 0]);

describe("what is written is read back", () => {
  test("PLY and OBJ give back the same floats and indices", () => {
    forCases(100, "mesh/round-trip", (rng) => {
      const mesh = randomMesh(rng);
      expectSame(parseMesh(encodePly(mesh), "a.ply").mesh, mesh);
      expectSame(parseMesh(encodeObj(mesh), "a.obj").mesh, mesh);
      expectSame(parseMesh(text(asciiPly(mesh)), "a.ply").mesh, mesh);
    });
  });

  test("scalars and colours in a PLY do not disturb the shape", () => {
    forCases(50, "mesh/attributes", (rng) => {
      const mesh = randomMesh(rng);
      const values = Float32Array.from({ length: vertexCount(mesh) }, () => rng.normal());
      const colours = Uint8Array.from({ length: 3 * vertexCount(mesh) }, () => rng.integer(256));
      const attributes = { vertexScalars: [{ name: "error_mm", values }], vertexColours: colours };
      expectSame(parseMesh(encodePly(mesh, attributes), "a.ply").mesh, mesh);
      expectSame(parseMesh(encodeObj(mesh, { vertexColours: colours }), "a.obj").mesh, mesh);
    });
  });

  test("STL, binary and ASCII, gives back every triangle's corners in order", () => {
    forCases(100, "mesh/stl", (rng) => {
      const mesh = randomMesh(rng);
      expect(corners(parseMesh(encodeStl(mesh), "a.stl").mesh)).toEqual(corners(mesh));
      expect(corners(parseMesh(text(asciiStl(mesh)), "a.stl").mesh)).toEqual(corners(mesh));
    });
  });

  test("a closed mesh is closed and outward after a journey through STL", () => {
    const mesh = octahedron(10);
    const back = parseMesh(encodeStl(mesh), "a.stl").mesh;
    expect(vertexCount(back)).toBe(6);
    expect(edgeDefects(back)).toEqual({ open: 0, nonManifold: 0 });
    expect(signedVolume(back)).toBeCloseTo(signedVolume(mesh), 3); // (4/3) · 10³ mm³
  });

  test("coordinates that differ by one bit are not joined, and the two zeros are", () => {
    const next = Math.fround(1 + 2 ** -23);
    const mesh = {
      positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, -0, 0, 0, 0, 1, 0, next, 0, 0),
      triangles: Uint32Array.of(0, 1, 2, 3, 4, 5),
    };
    expect(vertexCount(parseMesh(encodeStl(mesh), "a.stl").mesh)).toBe(4);
  });

  test("a triangle of an STL with two equal corners is left out, with a warning", () => {
    const mesh = { positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0), triangles: Uint32Array.of(0, 1, 2, 0, 1, 1) };
    const { mesh: back, warnings } = parseMesh(encodeStl(mesh), "a.stl");
    expect(triangleCount(back)).toBe(1);
    expect(warnings.join()).toContain("1 triangles without area");
  });
});

describe("three's loaders and exporters agree", () => {
  test("STLLoader reads our STL: same corners, unit normals along the winding", () => {
    const mesh = octahedron(7);
    const geometry = new STLLoader().parse(toArrayBuffer(encodeStl(mesh)));
    expect(Array.from(geometry.getAttribute("position").array, (x) => x + 0)).toEqual(corners(mesh));
    const normal = geometry.getAttribute("normal");
    const centre = geometry.getAttribute("position");
    for (let i = 0; i < normal.count; i += 3) {
      // The faces of a regular octahedron about the origin: the normal is the direction of the face's centre.
      const sum = [0, 1, 2].map((k) => centre.getX(i + k) * normal.getX(i) + centre.getY(i + k) * normal.getY(i) + centre.getZ(i + k) * normal.getZ(i)); // prettier-ignore
      expect(sum[0]! + sum[1]! + sum[2]!).toBeCloseTo(3 * (7 / Math.sqrt(3)), 4);
    }
  });

  test("PLYLoader reads our PLY with its scalar and its colours", () => {
    const mesh = octahedron(3);
    const values = Float32Array.of(0.5, -1, 2, 3, 4, 5);
    const vertexColours = Uint8Array.from({ length: 18 }, (_, i) => i * 14);
    const loader = new PLYLoader();
    loader.setCustomPropertyNameMapping({ error: ["error_mm"] });
    const bytes = encodePly(mesh, { vertexScalars: [{ name: "error_mm", values }], vertexColours });
    const geometry = loader.parse(toArrayBuffer(bytes));
    expect(Array.from(geometry.getAttribute("position").array)).toEqual(Array.from(mesh.positions));
    expect(Array.from(geometry.getIndex()!.array)).toEqual(Array.from(mesh.triangles));
    expect(Array.from(geometry.getAttribute("error").array)).toEqual(Array.from(values));
    expect(geometry.getAttribute("color").count).toBe(6);
  });

  test("OBJLoader reads our OBJ", () => {
    const mesh = octahedron(3);
    const group = new OBJLoader().parse(Buffer.from(encodeObj(mesh)).toString("latin1"));
    const child = group.children[0] as ThreeMesh;
    expect(Array.from(child.geometry.getAttribute("position").array, (x) => x + 0)).toEqual(corners(mesh));
  });

  test("we read what STLExporter and PLYExporter write, in every flavour", () => {
    const mesh = octahedron(5);
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(mesh.positions, 3));
    geometry.setIndex(new BufferAttribute(mesh.triangles, 1));
    const object = new ThreeMesh(geometry);
    const binary = new STLExporter().parse(object, { binary: true });
    expect(corners(parseMesh(new Uint8Array(binary.buffer), "a.stl").mesh)).toEqual(corners(mesh));
    expect(corners(parseMesh(text(new STLExporter().parse(object)), "a.stl").mesh)).toEqual(corners(mesh));
    vi.stubGlobal("requestAnimationFrame", (done: () => void) => done()); // PLYExporter calls back through it
    for (const options of [{}, { binary: true }, { binary: true, littleEndian: true }]) {
      const ply = new PLYExporter().parse(object, () => undefined, options);
      if (ply === null) throw new Error("PLYExporter gave nothing");
      const bytes = typeof ply === "string" ? text(ply) : new Uint8Array(ply);
      expectSame(parseMesh(bytes, "a.ply").mesh, mesh);
    }
    vi.unstubAllGlobals();
  });
});

describe("coordinate systems", () => {
  test("binary STL carries Slicer's LPS marker and does not begin with solid", () => {
    const header = Buffer.from(encodeStl(octahedron(1)).subarray(0, 80)).toString("latin1");
    expect(header.replaceAll("\0", "")).toBe("3D Slicer output. SPACE=LPS");
  });

  test.each(["stl", "ply", "obj"])("a %s marked RAS is turned into LPS by a half turn, and says so", (kind) => {
    const mesh = octahedron(4);
    const source = {
      stl: asciiStl(mesh, "x SPACE=RAS"),
      ply: asciiPly(mesh, "SPACE=RAS"),
      obj: objOf(mesh, "SPACE=RAS"),
    };
    const { mesh: read, warnings } = parseMesh(text(source[kind as "stl"]), `a.${kind}`);
    const [x, y, z] = corners(mesh);
    expect(corners(read).slice(0, 3)).toEqual([0 - x!, 0 - y!, z!]);
    expect(signedVolume(read)).toBeCloseTo(signedVolume(mesh), 4);
    expect(warnings.join()).toContain("RAS");
  });

  test.each(["stl", "ply", "obj"])("a %s marked LPS or not at all is taken as it is, without a word", (kind) => {
    const mesh = octahedron(4);
    for (const mark of ["", "SPACE=LPS"]) {
      const source = { stl: asciiStl(mesh, mark), ply: asciiPly(mesh, mark), obj: objOf(mesh, mark) };
      const { mesh: read, warnings } = parseMesh(text(source[kind as "stl"]), `a.${kind}`);
      expect(corners(read)).toEqual(corners(mesh));
      expect(warnings).toEqual([]);
    }
  });
});

describe("dialects", () => {
  test("big-endian PLY with extra elements and properties gives the same mesh", () => {
    const header =
      "ply\r\nformat binary_big_endian 1.0\r\nobj_info x\r\nelement skipped 2\r\nproperty list uchar short s\r\n" +
      "property double d\r\nelement vertex 3\r\nproperty uchar q\r\nproperty double z\r\nproperty double y\r\n" +
      "property double x\r\nelement face 1\r\nproperty int flags\r\nproperty list ushort uint vertex_index\r\nend_header\r\n";
    const body = Buffer.alloc(1 + 2 * 3 + 8 + 1 + 8 + 3 * 25 + 4 + 2 + 12);
    let at = body.writeUInt8(3, 0) + 6;
    at = body.writeDoubleBE(9, at);
    at = body.writeUInt8(0, at);
    at = body.writeDoubleBE(9, at);
    for (const [x, y, z] of [[0, 0, 0], [1, 0, 0], [0, 2, 0.5]] as const) {
      at = body.writeUInt8(7, at);
      for (const value of [z, y, x]) at = body.writeDoubleBE(value, at);
    } // prettier-ignore
    at = body.writeInt32BE(-1, at);
    at = body.writeUInt16BE(3, at);
    for (const index of [0, 1, 2]) at = body.writeUInt32BE(index, at);
    expect(at).toBe(body.length);
    const { mesh } = parseMesh(Buffer.concat([Buffer.from(header), body]), "a.ply");
    expectSame(mesh, { positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0.5), triangles: Uint32Array.of(0, 1, 2) });
  });

  test("quads and larger polygons become fans, in PLY and OBJ", () => {
    const ply = "ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float y\nproperty float z\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n-1 0 0\n4 0 1 2 3\n5 0 1 2 3 4\n"; // prettier-ignore
    expect(Array.from(parseMesh(text(ply), "a.ply").mesh.triangles)).toEqual([0, 1, 2, 0, 2, 3, 0, 1, 2, 0, 2, 3, 0, 3, 4]); // prettier-ignore
    const obj = "v 0 0 0\nv 1 0 0 \\\n\nvt 0 0\nv 1 1 0\nv 0 1 0\nusemtl m\nl 1 2\nf 1/1 2/1 3/1 4/1\nf -4//1 -3//1 -2//1\n"; // prettier-ignore
    const { mesh, warnings } = parseMesh(text(obj), "a.obj");
    expect(Array.from(mesh.triangles)).toEqual([0, 1, 2, 0, 2, 3, 0, 1, 2]);
    expect(warnings.join()).toContain("1 faces with more than three corners");
  });

  test("a binary STL whose header begins with solid is read as binary", () => {
    const mesh = octahedron(2);
    const bytes = encodeStl(mesh);
    bytes.fill(0x20, 0, 80);
    bytes.set(text("solid made by a careless program"));
    expect(corners(parseMesh(bytes, "a.stl").mesh)).toEqual(corners(mesh));
  });

  test("ASCII STL with several solids, names with spaces, capitals and Windows line ends is read", () => {
    const one = asciiStl(octahedron(1), "the facet of a name");
    const both = (one + asciiStl(octahedron(2), "b")).toUpperCase().replaceAll("\n", "\r\n");
    expect(triangleCount(parseMesh(text(both), "a.stl").mesh)).toBe(16);
  });
});

describe("bad input is refused with its place", () => {
  const good = encodeStl(octahedron(1));
  const patch = (at: number, bytes: readonly number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  const ply = asciiPly(octahedron(1));
  const cases: readonly (readonly [string, string, Uint8Array, RegExp])[] = [
    ["an empty file", "a.stl", new Uint8Array(0), /a\.stl: byte 0: is empty/],
    ["an STL that promises 4 billion triangles", "a.stl", patch(80, [255, 255, 255, 255]), /byte 80: says 4294967295 .* room for 8/],
    ["an STL that promises one triangle too few", "a.stl", patch(80, [7, 0, 0, 0]), /byte 80: says 7/],
    ["an STL cut in its last triangle", "a.stl", good.subarray(0, good.length - 1), /byte 80: says 8 .* room for 7/],
    ["an STL cut in its header", "a.stl", good.subarray(0, 50), /byte 0: neither/],
    ["an STL with a NaN", "a.stl", patch(84 + 12, [0, 0, 0xc0, 0x7f]), /byte 96: a coordinate is NaN/],
    ["an STL with an infinity", "a.stl", patch(84 + 50 + 44, [0, 0, 0x80, 0x7f]), /byte 178: a coordinate is Infinity/],
    ["an ASCII STL that ends early", "a.stl", text("solid\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\n"), /line 5: expected "vertex", found the end/],
    ["an ASCII STL with a word for a number", "a.stl", text("solid\nfacet normal 0 0 1\nouter loop\nvertex 0 zero 0\n"), /line 4: vertex: expected a finite number, found "zero"/],
    ["an ASCII STL beyond single precision", "a.stl", text("solid\nfacet normal 0 0 1\nouter loop\nvertex 0 1e39 0\n"), /line 4: vertex/],
    ["a PLY without an end of its header", "a.ply", text("ply\nformat ascii 1.0\n"), /line 3: the header has no "end_header"/],
    ["a PLY with an unknown format", "a.ply", text("ply\nformat binary 1.0\nend_header\n"), /line 2: unknown format/],
    ["a PLY that promises 4 billion vertices", "a.ply", text(ply.replace("element vertex 6", "element vertex 4000000000")), /line \d+: says 4000000000 of "vertex"/],
    ["a PLY with a type of another language", "a.ply", text(ply.replace("property float x", "property constructor x")), /unknown type "constructor"/],
    ["a PLY without z", "a.ply", text(ply.replace("property float z", "property float w")), /need the properties x, y and z/],
    ["a PLY whose face names a missing vertex", "a.ply", text(ply.replace(/\n3 \d+/, "\n3 6")), /names vertex 6, but there are 6/],
    ["a PLY whose face names a negative vertex", "a.ply", text(ply.replace(/\n3 \d+/, "\n3 -1")), /names vertex -1/],
    ["a PLY with a list longer than the file", "a.ply", text(ply.replace(/\n3 /, "\n4000000 ")), /list "vertex_indices" says it has 4000000/],
    ["a PLY that ends in its faces", "a.ply", text(ply.slice(0, -3)), /ends before all values/],
    ["a PLY with elements of nothing", "a.ply", text("ply\nformat ascii 1.0\nelement a 4000000000\nend_header\n"), /line 3: says 4000000000 of "a"/],
    ["an OBJ whose face names a missing vertex", "a.obj", text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n"), /names vertex 4 of 3/],
    ["an OBJ whose face counts from 0", "a.obj", text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n"), /line 4: a face names vertex "0"/],
    ["an OBJ that counts back too far", "a.obj", text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf -4 1 2\n"), /line 4: a face names vertex "-4"/],
    ["an OBJ with a NaN", "a.obj", text("v 0 0 nan\n"), /line 1: v: expected a finite number/],
    ["a file of no known kind", "a.bin", text("hello"), /byte 0: is not a known mesh format/],
  ]; // prettier-ignore

  test.each(cases)("%s", (_, name, bytes, message) => {
    expect(() => parseMesh(bytes, name)).toThrow(FormatError);
    expect(() => parseMesh(bytes, name)).toThrow(message);
  });

  test("2,000 mutated files are read or refused, and nothing else happens", () => {
    mutateAll(2000, "mesh/mutation");
  });

  test("a missing file and a folder are named", async () => {
    await expect(readMesh(join(folder, "none.stl"))).rejects.toThrow(/none\.stl: cannot be opened \(ENOENT\)/);
    await expect(readMesh(folder)).rejects.toThrow(/is not a file/);
  });

  test("a mesh that breaks its own rules is not written", () => {
    const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, NaN);
    expect(() => encodeStl({ positions, triangles: Uint32Array.of(0, 1, 2) })).toThrow(/vertex 2 is not finite/);
    expect(() => encodePly({ positions: positions.subarray(0, 6), triangles: Uint32Array.of(0, 1, 2) })).toThrow(/names vertex 2/);
    expect(() => encodePly(octahedron(1), { vertexScalars: [{ name: "a b", values: new Float32Array(6) }] })).toThrow(/cannot name/);
    expect(() => encodePly(octahedron(1), { vertexColours: new Uint8Array(6) })).toThrow(/6 colour values for 6/);
  }); // prettier-ignore
});

describe("files", () => {
  test("a written file replaces the old one and leaves nothing beside it", async () => {
    const path = join(folder, "bone.ply");
    await writeFile(path, "old");
    await writeMesh(path, octahedron(1), { vertexScalars: [{ name: "error_mm", values: new Float32Array(6) }] });
    expectSame((await readMesh(path)).mesh, octahedron(1));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("when encoding fails the old file stays", async () => {
    const path = join(folder, "bone.stl");
    await writeMesh(path, octahedron(1));
    const before = await readFile(path);
    const attributes = { vertexColours: new Uint8Array(18) };
    await expect(writeMesh(path, octahedron(2), attributes)).rejects.toThrow(/STL holds neither/);
    expect(await readFile(path)).toEqual(before);
    await expect(writeMesh(join(folder, "bone.gltf"), octahedron(1))).rejects.toThrow(/not as "gltf"/);
  });
});

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function objOf(mesh: Mesh, comment: string): string {
  return `# ${comment}\n${Buffer.from(encodeObj(mesh)).toString("latin1").split("\n").slice(1).join("\n")}`;
}

function mutateAll(count: number, name: string): void {
  forCases(count, name, (rng: Rng) => {
    const { bytes, fileName } = mutate(rng);
    try {
      parseMesh(bytes, fileName);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  });
}
