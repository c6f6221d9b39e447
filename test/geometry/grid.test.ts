import { expect, test } from "vitest";
import { transformPoint } from "../../src/core/rigid.ts";
import { indexFromMm, sampleTrilinear, voxelCount, type Grid } from "../../src/geometry/grid.ts";
import { forCases } from "../support/cases.ts";

/** Voxel values are floats of 24 bits, here up to a few hundred. */
const FLOAT32_ROUNDING = 1e-4;

const grid: Grid = { shape: [4, 5, 6], spacingMm: [0.5, 1, 2], originMm: [-1, 10, 3] };

function fill(
  { shape: [nx, ny, nz], spacingMm: s, originMm: o }: Grid,
  f: (x: number, y: number, z: number) => number,
): Float32Array {
  const values = new Float32Array(nx * ny * nz);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) values[(k * ny + j) * nx + i] = f(o[0] + i * s[0], o[1] + j * s[1], o[2] + k * s[2]);
  return values;
}

test("a grid has as many voxels as its shape says", () => {
  expect(voxelCount(grid)).toBe(120);
});

test("the index of a voxel centre is a whole number", () => {
  expect(transformPoint(indexFromMm(grid), -1 + 0.5 * 3, 10 + 2, 3 + 2 * 5)).toEqual([3, 2, 5]);
});

test("trilinear sampling is exact for a function that is linear in each axis", () => {
  const f = (x: number, y: number, z: number): number => 2 + x - 3 * y + 0.5 * z + x * y + 0.1 * x * y * z;
  const values = fill(grid, f);
  forCases(200, "grid/trilinear", (rng) => {
    const x = -1 + 1.5 * rng.uniform(),
      y = 10 + 4 * rng.uniform(),
      z = 3 + 10 * rng.uniform();
    expect(Math.abs(sampleTrilinear(grid, values, x, y, z, NaN) - f(x, y, z))).toBeLessThan(FLOAT32_ROUNDING);
  });
});

test("the outermost voxel centres belong to the grid and what lies beyond does not", () => {
  const values = fill(grid, (x) => x);
  expect(sampleTrilinear(grid, values, 0.5, 14, 13, -9)).toBe(0.5);
  expect(sampleTrilinear(grid, values, -1, 10, 3, -9)).toBe(-1);
  expect(sampleTrilinear(grid, values, 0.5001, 14, 13, -9)).toBe(-9);
  expect(sampleTrilinear(grid, values, -1, 9.999, 3, -9)).toBe(-9);
  expect(sampleTrilinear(grid, values, NaN, 11, 4, -9)).toBe(-9);
});

test.each([
  [1, 5, 6],
  [4, 1, 6],
  [4, 5, 1],
  [1, 1, 1],
] as const)("a grid of %s × %s × %s voxels is sampled within itself", (...shape) => {
  const thin: Grid = { ...grid, shape };
  const values = fill(thin, (x, y, z) => x + y + z);
  const at = shape.map((n, axis) => thin.originMm[axis as 0]! + thin.spacingMm[axis as 0]! * (n - 1) * 0.75) as [
    number,
    number,
    number,
  ];
  expect(Math.abs(sampleTrilinear(thin, values, ...at, NaN) - (at[0] + at[1] + at[2]))).toBeLessThan(FLOAT32_ROUNDING);
});
