import { expect, test } from "vitest";
import { createClosestPoint } from "../../src/geometry/closest-point.ts";
import { mergeMeshes, surfaceArea, triangleArea, triangleCount, type Mesh } from "../../src/geometry/mesh.ts";
import { sampleSurface } from "../../src/geometry/sample-surface.ts";
import { boxMesh, icosphere, squareSheet } from "../../src/verify/shapes.ts";
import { forCases } from "../support/cases.ts";

/** Vertices are floats of 24 bits, coordinates about 20 mm. */
const FLOAT32_MM = 1e-5;

test("there are at least as many points per cm² as asked for, and their areas add up to the surface", () => {
  const sphere = icosphere(20, 4);
  const { count, areaMm2, triangle, positions } = sampleSurface(sphere, { perCm2: 20, minimum: 1 });
  expect(count / (surfaceArea(sphere) / 100)).toBeGreaterThanOrEqual(20);
  expect(count * areaMm2).toBeCloseTo(surfaceArea(sphere), 6);
  expect([triangle.length, positions.length]).toEqual([count, 3 * count]);
});

test("every point lies on the triangle that it names", () => {
  const sphere = icosphere(20, 3);
  const { count, positions, triangle } = sampleSurface(sphere, { perCm2: 40, minimum: 1 });
  for (let i = 0; i < count; i++) {
    const own: Mesh = {
      positions: sphere.positions,
      triangles: sphere.triangles.slice(3 * triangle[i]!, 3 * triangle[i]! + 3),
    };
    const [x, y, z] = positions.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    expect(createClosestPoint(own).distanceMm(x, y, z)).toBeLessThan(FLOAT32_MM);
  }
});

test("a triangle gets its share of the points, rounded up or down", () => {
  forCases(30, "sample/share", (rng) => {
    const mesh: Mesh = {
      positions: Float32Array.from({ length: 60 }, () => 10 * rng.normal()),
      triangles: Uint32Array.from({ length: 90 }, () => rng.integer(20)),
    };
    const { areaMm2, triangle } = sampleSurface(mesh, { perCm2: 50, minimum: 1 });
    const got = new Uint32Array(triangleCount(mesh));
    for (const t of triangle) got[t]! += 1;
    got.forEach((n, t) => expect(Math.abs(n - triangleArea(mesh, t) / areaMm2)).toBeLessThan(1 + 1e-9));
  });
});

test("inside a large triangle the points are even: the mean of a smooth function is five times better than by random ones", () => {
  const { count, positions } = sampleSurface(squareSheet(10, 1, [0, 0], 0), { perCm2: 2000, minimum: 1 });
  let mean = 0;
  for (let i = 0; i < count; i++) mean += (positions[3 * i]! * positions[3 * i + 1]! ** 2) / count;
  // ∫∫ x y² over the square of side 10: 5 · 100/3
  const variance = (100 / 3) * 2000 - (500 / 3) ** 2;
  expect(Math.abs(mean - 500 / 3)).toBeLessThan(Math.sqrt(variance / count) / 5);
});

test("the points do not depend on anything but the mesh", () => {
  const mesh = mergeMeshes([boxMesh([10, 10, 10]), icosphere(5, 2, [20, 0, 0])]);
  expect(sampleSurface(mesh, { perCm2: 30, minimum: 1 })).toEqual(sampleSurface(mesh, { perCm2: 30, minimum: 1 }));
});

test("a small surface gets the least number, and a surface without area gets none", () => {
  expect(sampleSurface(icosphere(0.1, 2), { perCm2: 20, minimum: 500 }).count).toBe(500);
  expect(
    sampleSurface({ positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 2) }, { perCm2: 20, minimum: 500 })
      .count,
  ).toBe(0);
  expect(
    sampleSurface({ positions: new Float32Array(0), triangles: new Uint32Array(0) }, { perCm2: 20, minimum: 5 }).count,
  ).toBe(0);
});
