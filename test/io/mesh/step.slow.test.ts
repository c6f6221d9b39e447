import { expect, test } from "vitest";
import { decimate } from "../../../src/geometry/decimate.ts";
import { mergeMeshes, meshBounds, selectTriangles, signedVolume, transformMesh } from "../../../src/geometry/mesh.ts";
import { patchVolume } from "../../../src/geometry/bicubic-patches.ts";
import { fitPatches } from "../../../src/geometry/fit-patches.ts";
import { encodeSmoothStep } from "../../../src/io/mesh/step-smooth.ts";
import { encodeStep } from "../../../src/io/mesh/step.ts";
import { icosphere } from "../../../src/verify/shapes.ts";
import { readStep } from "../../support/occt.ts";

/** What the issue asks of the volume that another program reads. */
const VOLUME_SHARE = 1e-4;
/** Open CASCADE widens the box of a shape by its tolerance. */
const BOX_MM = 1e-3;

const ball = icosphere(20, 2);

test("a closed mesh is one valid solid to Open CASCADE, of the same volume and the same box", async () => {
  const { bytes, solids, shells } = encodeStep(ball, { name: "ball 'A'" });
  expect({ solids, shells }).toEqual({ solids: 1, shells: 0 });
  const read = await readStep(bytes);
  expect(read).toMatchObject({ solids: 1, faces: ball.triangles.length / 3, isValid: true });
  expect(Math.abs(read.volumeMm3 / signedVolume(ball) - 1)).toBeLessThan(VOLUME_SHARE);
  const { min, max } = meshBounds(ball);
  for (const axis of [0, 1, 2]) {
    expect(Math.abs(read.min[axis]! - min[axis]!)).toBeLessThan(BOX_MM);
    expect(Math.abs(read.max[axis]! - max[axis]!)).toBeLessThan(BOX_MM);
  }
});

test("a decimated ball stays closed, and its volume falls by no more than the stated error takes off", async () => {
  const fine = icosphere(20, 4);
  const { mesh, errorMm } = await decimate(fine, { maxTriangles: 500, maxErrorMm: 0.05 });
  expect(mesh.triangles.length / 3).toBeLessThanOrEqual(500);
  const read = await readStep(encodeStep(mesh).bytes);
  expect(read).toMatchObject({ solids: 1, isValid: true });
  expect(Math.abs(read.volumeMm3 - signedVolume(fine))).toBeLessThan(4 * Math.PI * 20 ** 2 * errorMm);
});

test("an open sheet is a shell and no solid, and two pieces are two", async () => {
  const half = selectTriangles(ball, (i) => i < ball.triangles.length / 6).mesh;
  const { bytes, solids, shells } = encodeStep(
    mergeMeshes([ball, transformMesh(half, Float64Array.of(1, 0, 0, 100, 0, 1, 0, 0, 0, 0, 1, 0))]),
  );
  expect(solids).toBe(1);
  expect(shells).toBeGreaterThanOrEqual(1);
  const read = await readStep(bytes);
  expect(read.solids).toBe(1);
  expect(read.shells).toBe(1 + shells);
  expect(read.isValid).toBe(true);
});

test("smooth faces are one valid solid to Open CASCADE, of the volume that we compute, and their fit keeps its word", async () => {
  const fitted = fitPatches(icosphere(20, 3), { toleranceMm: 0.2, maxPatches: 600 });
  expect(fitted!.maxMm).toBeLessThanOrEqual(0.2);
  const read = await readStep(encodeSmoothStep(fitted!.all));
  expect(read).toMatchObject({ solids: 1, shells: 1, faces: fitted!.all.patches.length / 16, isValid: true });
  expect(Math.abs(read.volumeMm3 / patchVolume(fitted!.all) - 1)).toBeLessThan(VOLUME_SHARE);
  for (const axis of [0, 1, 2]) expect(Math.abs(read.max[axis]! - 20)).toBeLessThan(0.2);
});
