import { expect, test } from "vitest";
import { fillMeshHoles } from "../../src/geometry/fill-mesh-holes.ts";
import { edgeDefects, selectTriangles, signedVolume, type Mesh } from "../../src/geometry/mesh.ts";

/** An octahedron of radius 1, closed, facing outward. */
const octahedron: Mesh = {
  positions: Float32Array.of(1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1),
  triangles: Uint32Array.of(0, 2, 4, 2, 1, 4, 1, 3, 4, 3, 0, 4, 2, 0, 5, 1, 2, 5, 3, 1, 5, 0, 3, 5),
};
/** One triangle away, and its rim: three edges of √2. */
const open = selectTriangles(octahedron, (i) => i !== 3).mesh;

test("a hole is closed by a fan that faces as the mesh around it", () => {
  const { mesh, added } = fillMeshHoles(open, 5);
  expect(added).toBe(1);
  expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
  expect(signedVolume(mesh)).toBeCloseTo(4 / 3, 6);
});

test("a hole with a longer rim stays", () => {
  const { mesh, added } = fillMeshHoles(open, 4);
  expect(added).toBe(0);
  expect(mesh).toEqual(open);
});

test("a closed mesh is left as it is", () => {
  expect(fillMeshHoles(octahedron, 100).mesh).toEqual(octahedron);
});

test("two holes that touch in a vertex are left: nobody can tell which rim goes where", () => {
  const torn = selectTriangles(octahedron, (i) => i !== 0 && i !== 2).mesh;
  expect(fillMeshHoles(torn, 100).added).toBe(0);
});
