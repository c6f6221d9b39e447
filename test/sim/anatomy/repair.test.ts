import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import {
  edgeDefects,
  type Mesh,
  mergeMeshes,
  selectTriangles,
  signedVolume,
  triangleCount,
} from "../../../src/geometry/mesh.ts";
import { crossingEdges, flipped, repairMesh } from "../../../src/sim/anatomy/repair.ts";

/** A sphere of quads cut in two; poles are single vertices. */
function sphere(radiusMm: number, rings = 24, centre: readonly [number, number, number] = [0, 0, 0]): Mesh {
  const positions: number[] = [],
    triangles: number[] = [];
  const columns = 2 * rings;
  const put = (theta: number, phi: number): void => {
    positions.push(
      centre[0] + radiusMm * Math.sin(theta) * Math.cos(phi),
      centre[1] + radiusMm * Math.sin(theta) * Math.sin(phi),
      centre[2] + radiusMm * Math.cos(theta),
    );
  };
  put(0, 0);
  for (let r = 1; r < rings; r++)
    for (let c = 0; c < columns; c++) put((Math.PI * r) / rings, (2 * Math.PI * c) / columns);
  put(Math.PI, 0);
  const at = (r: number, c: number): number => 1 + (r - 1) * columns + (c % columns);
  const last = positions.length / 3 - 1;
  for (let c = 0; c < columns; c++) {
    triangles.push(0, at(1, c), at(1, c + 1), last, at(rings - 1, c + 1), at(rings - 1, c));
    for (let r = 1; r < rings - 1; r++) {
      triangles.push(at(r, c), at(r + 1, c), at(r + 1, c + 1), at(r, c), at(r + 1, c + 1), at(r, c + 1));
    }
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

const ball = sphere(20);
const volume = signedVolume(ball);

const isSound = ({ mesh }: { readonly mesh: Mesh }): void => {
  expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
  expect(signedVolume(mesh)).toBeGreaterThan(0.995 * volume);
  expect(signedVolume(mesh)).toBeLessThan(1.005 * volume);
};

test("a sound mesh passes without a word", async () => {
  const repaired = await repairMesh(ball, "a.stl");
  expect(repaired.warnings).toEqual([]);
  isSound(repaired);
});

test("loose triangles with corners a rounding apart are welded", async () => {
  const corners: number[] = [];
  [...ball.triangles].forEach((v, i) => {
    for (let axis = 0; axis < 3; axis++) corners.push(ball.positions[3 * v + axis]! + (i % 2) * 2e-4);
  });
  const loose = { positions: Float32Array.from(corners), triangles: Uint32Array.from(ball.triangles, (_, i) => i) };
  const repaired = await repairMesh(loose, "a.stl");
  expect(repaired.mesh.positions.length).toBe(ball.positions.length);
  isSound(repaired);
});

test("a mesh that is inside out is turned, with a word", async () => {
  const repaired = await repairMesh(flipped(ball), "a.stl");
  expect(repaired.warnings).toEqual(["a.stl: was inside out; its triangles were turned"]);
  isSound(repaired);
});

test("single triangles that face the wrong way are turned, with their number", async () => {
  const triangles = ball.triangles.slice();
  for (const t of [5, 90, 91, 400])
    triangles.set([triangles[3 * t]!, triangles[3 * t + 2]!, triangles[3 * t + 1]!], 3 * t);
  const repaired = await repairMesh({ positions: ball.positions, triangles }, "a.stl");
  expect(repaired.warnings).toEqual(["a.stl: 4 triangles faced the wrong way and were turned"]);
  isSound(repaired);
});

test("a small hole is filled, with a word", async () => {
  const holed = selectTriangles(ball, (t) => t !== 300 && t !== 301).mesh;
  const repaired = await repairMesh(holed, "a.stl");
  expect(repaired.warnings).toEqual(["a.stl: a small hole was filled (4 open edges)"]);
  isSound(repaired);
});

test("a bone whose shaft is an open tube is refused with the number of open edges and the remedy", async () => {
  const below = (t: number): boolean =>
    [0, 1, 2].every((c) => ball.positions[3 * ball.triangles[3 * t + c]! + 2]! < 15);
  const open = selectTriangles(ball, below).mesh;
  await expect(repairMesh(open, "femur.stl")).rejects.toThrow(FormatError);
  await expect(repairMesh(open, "femur.stl")).rejects.toThrow(
    /femur\.stl: is open: 48 open edges, the largest hole is 2\d mm across\. Close it/,
  );
});

test("islands and walls of cavities are left out, with a word", async () => {
  const repaired = await repairMesh(mergeMeshes([sphere(2, 6, [40, 0, 0]), ball, flipped(sphere(10, 12))]), "a.stl");
  expect(repaired.warnings[0]).toMatch(/^a\.stl: has 3 separate parts; the largest is used, 2 with \d+ triangles/);
  isSound(repaired);
});

test("a surface that crosses itself is refused; its crossings are counted", async () => {
  // One half of the vertices is pushed through the other: a fold right across the ball.
  const positions = ball.positions.slice();
  for (let i = 0; i < positions.length; i += 3) if (positions[i]! > 12) positions[i]! -= 40;
  const folded = { positions, triangles: ball.triangles };
  expect(crossingEdges(ball)).toBe(0);
  expect(crossingEdges(folded)).toBeGreaterThan(20);
  await expect(repairMesh(folded, "a.stl")).rejects.toThrow(/a\.stl: crosses itself: \d+ of its \d+ edges/);
});

test("fins of more than two triangles at an edge are refused", async () => {
  const triangles = [...ball.triangles];
  for (let t = 0; t < 60; t++) triangles.push(ball.triangles[30 * t]!, ball.triangles[30 * t + 1]!, 0);
  const finned = { positions: ball.positions, triangles: Uint32Array.from(triangles) };
  await expect(repairMesh(finned, "a.stl")).rejects.toThrow(/edges belong to more than two triangles/);
});

test("vertices that are not finite are refused", async () => {
  const positions = ball.positions.slice();
  positions[100] = NaN;
  await expect(repairMesh({ positions, triangles: ball.triangles }, "a.stl")).rejects.toThrow(
    /vertex 33 is not finite/,
  );
  expect(triangleCount(ball)).toBeGreaterThan(1000);
});
