import { expect, test } from "vitest";
import type { Mesh } from "../../../src/geometry/mesh.ts";
import { encodeStep } from "../../../src/io/mesh/step.ts";

const tetrahedron: Mesh = {
  positions: Float32Array.of(0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 1e-7 + 10),
  triangles: Uint32Array.of(0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2),
};
const textOf = (mesh: Mesh): string => new TextDecoder().decode(encodeStep(mesh).bytes);
const count = (text: string, kind: string): number => text.split(`=${kind}(`).length - 1;

test("edges and vertices are shared: a tetrahedron has 4 faces, 6 edges and 4 vertices", () => {
  const text = textOf(tetrahedron);
  expect([count(text, "ADVANCED_FACE"), count(text, "EDGE_CURVE"), count(text, "VERTEX_POINT")]).toEqual([4, 6, 4]);
  expect(count(text, "MANIFOLD_SOLID_BREP")).toBe(1);
});

test("every edge of a solid is run through once each way", () => {
  const uses = [...textOf(tetrahedron).matchAll(/ORIENTED_EDGE\('',\*,\*,(#\d+),\.([TF])\./g)].map((m) => [m[1], m[2]]);
  for (const edge of new Set(uses.map(([e]) => e))) {
    expect(uses.filter(([e]) => e === edge).map(([, way]) => way).sort()).toEqual(["F", "T"]); // prettier-ignore
  }
});

test("the same mesh gives the same bytes, and every real has a point", () => {
  expect(encodeStep(tetrahedron).bytes).toEqual(encodeStep(tetrahedron).bytes);
  for (const [, list] of textOf(tetrahedron).matchAll(/CARTESIAN_POINT\('',\(([^)]*)\)\)/g)) {
    for (const number of list!.split(",")) expect(number).toMatch(/^-?\d+\.\d*(E-?\d+)?$/);
  }
});

test("what is no manifold surface is refused with the reason", () => {
  const with_ = (more: number[], positions: number[] = []): Mesh => ({
    positions: Float32Array.from([...tetrahedron.positions, ...positions]),
    triangles: Uint32Array.from([...tetrahedron.triangles, ...more]),
  });
  const flipped = { ...tetrahedron, triangles: tetrahedron.triangles.map((v, i, t) => (i < 3 ? t[2 - i]! : v)) };
  expect(() => encodeStep(with_([0, 1, 4], [5, -9, 0]))).toThrow(/more than two triangles/);
  expect(() => encodeStep(flipped)).toThrow(/face opposite ways/);
  const insideOut = { ...tetrahedron, triangles: tetrahedron.triangles.slice().reverse() };
  expect(() => encodeStep(insideOut)).toThrow(/inside out/);
  expect(() => encodeStep(with_([4, 5, 6], [20, 0, 0, 21, 0, 0, 22, 0, 0]))).toThrow(/no area/);
  expect(() => encodeStep({ positions: new Float32Array(), triangles: new Uint32Array() })).toThrow(/no triangles/);
  expect(() => encodeStep(tetrahedron, { maxFaces: 3 })).toThrow(/4 triangles.*at most 3/);
});
