import { expect, test } from "vitest";
import { bicubicPatches, linkCage, patchPoint, patchVolume } from "../../src/geometry/bicubic-patches.ts";
import { mergeMeshes, meshBounds, signedVolume } from "../../src/geometry/mesh.ts";
import { quadCage } from "../../src/geometry/quad-cage.ts";
import { voxelise } from "../../src/geometry/voxelise.ts";
import { boxMesh, icosphere } from "../../src/verify/shapes.ts";

const box = boxMesh([40, 24, 16]);

test("the cage of a box is a box, and neighbouring patches share their edges' points", () => {
  const cage = quadCage(box, 8)!;
  const { min, max } = meshBounds({ positions: Float32Array.from(cage.positions), triangles: new Uint32Array() });
  const [nx, ny, nz] = [0, 1, 2].map((axis) => (max[axis as 0]! - min[axis as 0]!) / 8) as [number, number, number];
  expect(nx).toBeGreaterThan(4);
  expect(cage.quads.length / 4).toBe(2 * (nx * ny + ny * nz + nz * nx));
  const all = bicubicPatches(cage, linkCage(cage));
  const uses = new Map<number, number>();
  for (const p of all.patches) uses.set(p, (uses.get(p) ?? 0) + 1);
  // Sixteen points a patch: four its own, eight shared by two, four corners by their valence.
  const own = [...uses.values()].filter((n) => n === 1).length;
  expect(own).toBe(4 * (cage.quads.length / 4));
  expect([...uses.values()].filter((n) => n === 2).length).toBe(4 * (cage.quads.length / 4));
});

test("the volume of the patches is that of a fine mesh over them", () => {
  const cage = quadCage(box, 8)!;
  const all = bicubicPatches(cage, linkCage(cage));
  const n = 12;
  const patches = Array.from({ length: all.patches.length / 16 }, (_, patch) => {
    const positions = new Float32Array(3 * (n + 1) ** 2),
      triangles: number[] = [];
    for (let i = 0; i <= n; i++) {
      for (let j = 0; j <= n; j++) {
        positions.set(patchPoint(all, patch, i / n, j / n), 3 * (i * (n + 1) + j));
        const at = i * (n + 1) + j;
        if (i < n && j < n) triangles.push(at, at + n + 1, at + n + 2, at, at + n + 2, at + 1);
      }
    }
    return { positions, triangles: Uint32Array.from(triangles) };
  });
  const volume = patchVolume(all);
  expect(volume).toBeGreaterThan(0);
  expect(Math.abs(signedVolume(mergeMeshes(patches)) / volume - 1)).toBeLessThan(1e-3);
});

test("a body with a handle, or two bodies, keep them in the cage or have none", () => {
  const two = mergeMeshes([icosphere(10, 3), icosphere(10, 3, [40, 0, 0])]);
  expect(quadCage(two, 4)).toBeDefined();
  expect(quadCage(mergeMeshes([icosphere(10, 3), icosphere(10, 3, [21, 0, 0])]), 6)).toBeUndefined();
});

test("voxels inside a box are counted exactly, overlapping bodies once", () => {
  const grid = { shape: [60, 40, 30], spacingMm: [1, 1, 1], originMm: [-29.5, -19.5, -14.5] } as const;
  const count = (mesh: typeof box): number => voxelise(mesh, grid).reduce((n, v) => n + v, 0);
  expect(count(box)).toBe(40 * 24 * 16);
  expect(count(mergeMeshes([box, boxMesh([20, 24, 16])]))).toBe(40 * 24 * 16);
});
