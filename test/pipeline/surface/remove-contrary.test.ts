import { expect, test } from "vitest";
import type { Surface } from "../../../src/data/surface.ts";
import { mergeMeshes, surfaceArea, vertexCount, type Mesh } from "../../../src/geometry/mesh.ts";
import { removeContrary } from "../../../src/pipeline/surface/remove-contrary.ts";

/** A square of `size` mm about (x, y, z) in 2 mm squares, facing up or down. */
function square(size: number, [x0, y0, z]: readonly [number, number, number], up = true): Mesh {
  const n = size / 2 + 1;
  const positions = Float32Array.from({ length: 3 * n * n }, (_, i) => {
    const v = Math.floor(i / 3);
    return [x0 - size / 2 + 2 * (v % n), y0 - size / 2 + 2 * Math.floor(v / n), z][i % 3]!;
  });
  const triangles: number[] = [];
  for (let j = 0; j < n - 1; j++) {
    for (let i = 0; i < n - 1; i++) {
      const a = j * n + i, b = a + 1, c = a + n, d = c + 1; // prettier-ignore
      triangles.push(...(up ? [a, b, d, a, d, c] : [a, d, b, a, c, d]));
    }
  }
  return { positions, triangles: Uint32Array.from(triangles) };
}

const surfaceOf = (...parts: readonly Mesh[]): Surface => {
  const mesh = mergeMeshes(parts);
  return { bone: "femur", mesh, observations: new Float32Array(vertexCount(mesh)).fill(3), removed: [] };
};
const bone = square(40, [0, 0, 0]);

test("a piece that faces against the bone beside it is dropped, and the reason says so", () => {
  const { mesh, observations, removed } = removeContrary(surfaceOf(bone, square(10, [0, 0, -8], false)));
  expect(surfaceArea(mesh)).toBeCloseTo(1600, 6);
  expect(observations.length).toBe(vertexCount(mesh));
  expect(removed).toEqual([
    { reason: "faces against the bone beside it, as no bone does", triangles: 50, areaMm2: 100 },
  ]);
});

test("a piece that goes on across a gap stays, whichever is larger", () => {
  const both = surfaceOf(square(10, [28, 0, 0.5]), bone);
  expect(surfaceArea(removeContrary(both).mesh)).toBeCloseTo(1700, 6);
  expect(removeContrary(both).removed).toEqual([]);
});

test("a piece that lies far from the bone is dropped, though it faces the same way", () => {
  expect(surfaceArea(removeContrary(surfaceOf(bone, square(10, [40, 0, 0]))).mesh)).toBeCloseTo(1600, 6);
});

test("a bone in one piece, and an empty one, are left as they are", () => {
  const whole = surfaceOf(bone);
  expect(removeContrary(whole)).toEqual(whole);
  const empty = surfaceOf({ positions: new Float32Array(0), triangles: new Uint32Array(0) });
  expect(removeContrary(empty)).toEqual(empty);
});
