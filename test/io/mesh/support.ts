import type { Rng } from "../../../src/core/rng.ts";
import type { Mesh } from "../../../src/geometry/mesh.ts";
import { encodeObj, encodePly, encodeStl } from "../../../src/io/mesh/write-mesh.ts";

/** Regular, closed, outward, about the origin; its corners lie `radiusMm` from it on the axes. */
export function octahedron(radiusMm: number): Mesh {
  const r = radiusMm;
  return {
    positions: Float32Array.of(r, 0, 0, -r, 0, 0, 0, r, 0, 0, -r, 0, 0, 0, r, 0, 0, -r),
    triangles: Uint32Array.of(0, 2, 4, 2, 1, 4, 1, 3, 4, 3, 0, 4, 2, 0, 5, 1, 2, 5, 3, 1, 5, 0, 3, 5),
  };
}

/** Up to 20 vertices with coordinates of every size and up to 30 triangles with three different corners. */
export function randomMesh(rng: Rng): Mesh {
  const vertices = 3 + rng.integer(18);
  const positions = Float32Array.from({ length: 3 * vertices }, () => rng.normal() * 10 ** (rng.integer(9) - 4));
  const triangles: number[] = [];
  for (let i = rng.integer(31); i > 0; i--) {
    const a = rng.integer(vertices),
      b = (a + 1 + rng.integer(vertices - 1)) % vertices;
    let c = rng.integer(vertices);
    while (c === a || c === b) c = (c + 1) % vertices;
    triangles.push(a, b, c);
  }
  return { positions, triangles: Uint32Array.from(triangles) };
}

export function asciiStl({ positions: p, triangles: t }: Mesh, name = "bone"): string {
  const lines = [`solid ${name}`];
  for (let i = 0; i < t.length; i += 3) {
    lines.push("  facet normal 0 0 0", "    outer loop");
    for (const v of t.subarray(i, i + 3)) {
      lines.push(`      vertex ${p[3 * v]} ${p[3 * v + 1]} ${p[3 * v + 2]}`);
    }
    lines.push("    endloop", "  endfacet");
  }
  lines.push(`endsolid ${name}`, "");
  return lines.join("\n");
}

export function asciiPly({ positions: p, triangles: t }: Mesh, comment = ""): string {
  const lines = ["ply", "format ascii 1.0", `comment ${comment}`, `element vertex ${p.length / 3}`];
  for (const axis of "xyz") lines.push(`property float ${axis}`);
  lines.push(`element face ${t.length / 3}`, "property list uchar int vertex_indices", "end_header");
  for (let i = 0; i < p.length; i += 3) lines.push(`${p[i]} ${p[i + 1]} ${p[i + 2]}`);
  for (let i = 0; i < t.length; i += 3) lines.push(`3 ${t[i]} ${t[i + 1]} ${t[i + 2]}`);
  lines.push("");
  return lines.join("\n");
}

/** A small file of a random format with a few bytes changed, cut, doubled, or numbers replaced by nasty ones. */
export function mutate(rng: Rng): { readonly bytes: Uint8Array; readonly fileName: string } {
  const mesh = randomMesh(rng);
  const text = (s: string): Uint8Array => Buffer.from(s, "latin1");
  const [fileName, good] = (
    [
      ["a.stl", encodeStl(mesh)],
      ["a.stl", text(asciiStl(mesh))],
      ["a.ply", encodePly(mesh)],
      ["a.ply", text(asciiPly(mesh))],
      ["a.obj", encodeObj(mesh)],
    ] as const
  )[rng.integer(5)]!;
  let bytes = Buffer.from(good);
  for (let n = 1 + rng.integer(4); n > 0; n--) {
    const at = rng.integer(bytes.length + 1);
    switch (rng.integer(6)) {
      case 0:
        bytes[at] = rng.integer(256);
        break;
      case 1:
        if (at < bytes.length) bytes[at]! ^= 1 << rng.integer(8);
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(rng.integer(at + 1))]);
        break;
      case 4:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE([0xffffffff, 0x7fffffff, 0x80000000, 0][rng.integer(4)]!, at);
        break;
      default: {
        const nasty = ["-1", "1e999", "nan", "4294967295", "99999999999", "list", "\0", "end_header\n", "solid "];
        bytes = Buffer.concat([bytes.subarray(0, at), text(` ${nasty[rng.integer(9)]} `), bytes.subarray(at)]);
      }
    }
  }
  return { bytes, fileName };
}
