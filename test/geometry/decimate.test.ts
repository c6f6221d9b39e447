import { expect, test } from "vitest";
import { createClosestPoint } from "../../src/geometry/closest-point.ts";
import { decimate } from "../../src/geometry/decimate.ts";
import { edgeDefects, type Mesh, vertexCount } from "../../src/geometry/mesh.ts";
import { icosphere, squareSheet } from "../../src/verify/shapes.ts";

function largestDistance(from: Mesh, to: Mesh): number {
  const surface = createClosestPoint(to);
  const p = from.positions;
  let most = 0;
  for (let v = 0; v < vertexCount(from); v++) {
    most = Math.max(most, surface.distanceMm(p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!));
  }
  return most;
}

test("a decimated ball stays closed and no vertex of the fine one lies farther away than twice the bound", async () => {
  const fine = icosphere(20, 5);
  const { mesh, errorMm } = await decimate(fine, { maxTriangles: 1e6, maxErrorMm: 0.05 });
  expect(mesh.triangles.length).toBeLessThan(fine.triangles.length / 4);
  expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
  expect(errorMm).toBeLessThanOrEqual(0.05);
  // The estimate is a root mean square over the planes that were merged.
  expect(largestDistance(fine, mesh)).toBeLessThan(0.1);
});

test("a number of triangles that is asked for is kept, and the error says what it cost", async () => {
  const fine = icosphere(20, 5);
  const { mesh, errorMm } = await decimate(fine, { maxTriangles: 200, maxErrorMm: 0.01 });
  expect(mesh.triangles.length / 3).toBeLessThanOrEqual(200);
  expect(errorMm).toBeGreaterThan(0.01);
});

test("a flat sheet of 800 triangles needs no more than its border asks for, and its corners stay", async () => {
  const { mesh } = await decimate(squareSheet(10, 20, [0, 0], 0), { maxTriangles: 1e6, maxErrorMm: 1e-3 });
  expect(mesh.triangles.length / 3).toBeLessThan(20);
  const xs = Array.from(mesh.positions).filter((_, i) => i % 3 === 0);
  expect([Math.min(...xs), Math.max(...xs)]).toEqual([0, 10]);
});
