import { expect, test } from "vitest";
import { fromAxisAngle } from "../../src/core/rigid.ts";
import {
  connectedComponents,
  edgeDefects,
  mergeMeshes,
  meshBounds,
  selectTriangles,
  signedVolume,
  surfaceArea,
  transformMesh,
  triangleCentre,
  triangleCount,
  vertexCount,
  vertexNormals,
  type Mesh,
} from "../../src/geometry/mesh.ts";
import { boxMesh, icosphere, squareSheet } from "../../src/verify/shapes.ts";
import { forCases } from "../support/cases.ts";

/** Vertices are floats of 24 bits: relative 6e-8 a coordinate, some of them in a sum of products. */
const FLOAT32_RELATIVE = 1e-6;

test("a box has its volume and its area, and is closed", () => {
  const box = boxMesh([2, 3, 4], [10, -20, 30]);
  expect(signedVolume(box)).toBeCloseTo(24, 6);
  expect(surfaceArea(box)).toBeCloseTo(52, 6);
  expect(edgeDefects(box)).toEqual({ open: 0, nonManifold: 0 });
  expect(meshBounds(box)).toEqual({ min: [9, -21.5, 28], max: [11, -18.5, 32] });
});

test("a sphere's mesh approaches the sphere from inside, four times closer with every subdivision", () => {
  const missing = [3, 4, 5].map((n) => 1 - signedVolume(icosphere(20, n)) / ((4 / 3) * Math.PI * 8000));
  expect(missing.every((m) => m > 0)).toBe(true);
  expect(missing[0]! / missing[1]!).toBeCloseTo(4, 1);
  expect(missing[1]! / missing[2]!).toBeCloseTo(4, 1);
});

test("turning every triangle over turns the volume's sign", () => {
  const { positions, triangles } = boxMesh([1, 1, 1]);
  expect(signedVolume({ positions, triangles: triangles.toReversed() })).toBeCloseTo(-1, 6);
});

test("a rigid motion changes neither volume nor area, and leaves the input alone", () => {
  const sphere = icosphere(20, 3),
    before = sphere.positions.slice();
  forCases(20, "mesh/motion", (rng) => {
    const { m } = fromAxisAngle([rng.normal(), rng.normal(), rng.normal()], rng.uniform() * 3, [
      50 * rng.normal(),
      0,
      9,
    ]);
    const moved = transformMesh(sphere, m);
    expect(Math.abs(signedVolume(moved) / signedVolume(sphere) - 1)).toBeLessThan(10 * FLOAT32_RELATIVE);
    expect(Math.abs(surfaceArea(moved) / surfaceArea(sphere) - 1)).toBeLessThan(FLOAT32_RELATIVE);
  });
  expect(sphere.positions).toEqual(before);
});

test("the normals of a sphere's vertices point away from its centre", () => {
  const { positions } = icosphere(20, 4),
    normals = vertexNormals(icosphere(20, 4));
  for (let v = 0; v < positions.length; v += 3) {
    const along =
      (positions[v]! * normals[v]! + positions[v + 1]! * normals[v + 1]! + positions[v + 2]! * normals[v + 2]!) / 20;
    // inside the cone of its facets' normals, which lean by circumradius / R ≤ 0.083 / √3 at this subdivision
    expect(along).toBeGreaterThan(Math.cos(0.083 / Math.sqrt(3)));
  }
});

test("a vertex without a triangle has no normal", () => {
  const mesh: Mesh = { positions: new Float32Array(12).fill(1), triangles: new Uint32Array(0) };
  expect([...vertexNormals(mesh)]).toEqual(Array.from({ length: 12 }, () => 0));
});

test("a triangle's centre is the mean of its corners, by area", () => {
  const { x, y, z, areaMm2 } = triangleCentre(
    { positions: Float32Array.of(0, 0, 1, 6, 0, 1, 0, 3, 1), triangles: Uint32Array.of(0, 1, 2) },
    0,
  );
  expect([x, y, z, areaMm2]).toEqual([2, 1, 1, 9]);
});

test("a sheet's rim is open, and a third triangle on an edge is no manifold", () => {
  const sheet = squareSheet(10, 3, [0, 0], 0);
  expect(edgeDefects(sheet)).toEqual({ open: 12, nonManifold: 0 });
  const fin: Mesh = {
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1),
    triangles: Uint32Array.of(0, 1, 2, 1, 0, 3, 0, 1, 4),
  };
  expect(edgeDefects(fin)).toEqual({ open: 6, nonManifold: 1 });
});

test("two triangles that disagree about which side is outside are a defect of their edge", () => {
  const mesh: Mesh = {
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0),
    triangles: Uint32Array.of(0, 1, 2, 0, 1, 3),
  };
  expect(edgeDefects(mesh).nonManifold).toBe(1);
});

test("selecting keeps the triangles asked for and only their vertices", () => {
  const box = boxMesh([2, 2, 2]);
  const { mesh, vertexSource } = selectTriangles(box, (t) => t < 2);
  expect(triangleCount(mesh)).toBe(2);
  expect(vertexCount(mesh)).toBe(4);
  expect(surfaceArea(mesh)).toBeCloseTo(4, 6);
  vertexSource.forEach((source, v) =>
    expect([...mesh.positions.subarray(3 * v, 3 * v + 3)]).toEqual([
      ...box.positions.subarray(3 * source, 3 * source + 3),
    ]),
  );
});

test("merged meshes keep their volumes and are told apart again as components", () => {
  const merged = mergeMeshes([boxMesh([1, 1, 1]), boxMesh([2, 2, 2], [9, 0, 0]), icosphere(1, 1, [0, 9, 0])]);
  const { label, count } = connectedComponents(merged);
  expect(count).toBe(3);
  expect([label[0], label[12], label[24]]).toEqual([0, 1, 2]);
  expect(signedVolume(selectTriangles(merged, (t) => label[t] === 1).mesh)).toBeCloseTo(8, 5);
});

test("triangles that share one vertex only are one component", () => {
  const mesh: Mesh = {
    positions: new Float32Array(15),
    triangles: Uint32Array.of(3, 4, 2, 0, 1, 2),
  };
  expect(connectedComponents(mesh)).toEqual({ label: Uint32Array.of(0, 0), count: 1 });
});
