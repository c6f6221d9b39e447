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

test("a small piece that lies far from the bone is dropped, though it faces the same way; a large one is bone", () => {
  const { mesh, removed } = removeContrary(surfaceOf(bone, square(8, [40, 0, 0])));
  expect(surfaceArea(mesh)).toBeCloseTo(1600, 6);
  expect(removed.map(({ reason }) => reason)).toEqual(["a small piece more than 10 mm from the rest of the bone"]);
  for (const facesUp of [true, false]) {
    const large = square(20, [60, 0, -8], facesUp);
    expect(surfaceArea(removeContrary(surfaceOf(bone, large)).mesh)).toBeCloseTo(2000, 6);
  }
});

test("a patch of one stroke far from the bone is kept, with what goes on from it, and not where it faces against bone", () => {
  const patch = square(12, [50, 0, 0]);
  expect(surfaceArea(removeContrary(surfaceOf(bone, patch, square(6, [64, 0, 0]))).mesh)).toBeCloseTo(
    1600 + 144 + 36,
    6,
  );
  expect(surfaceArea(removeContrary(surfaceOf(bone, square(12, [30, 0, -8], false))).mesh)).toBeCloseTo(1600, 6);
});

test("the bone grows from strip to strip, farther than one gap is wide, and about a bend", () => {
  const strips = [0, 1, 2, 3, 4].map((i) => square(8, [28 + 14 * i, 0, 0.5]));
  const shuffled = [4, 1, 3, 0, 2].map((i) => strips[i]!);
  const { mesh, removed } = removeContrary(surfaceOf(...shuffled.slice(0, 2), bone, ...shuffled.slice(2)));
  expect(surfaceArea(mesh)).toBeCloseTo(1600 + 320, 6);
  expect(removed).toEqual([]);
  const without = removeContrary(surfaceOf(bone, ...strips.filter((_, i) => i !== 1)));
  // The second is missing: a gap of 20 mm, and nothing beyond it is known to be bone.
  expect(surfaceArea(without.mesh)).toBeCloseTo(1664, 6);
  expect(without.removed).toHaveLength(3);
});

test("a bone in one piece, and an empty one, are left as they are", () => {
  const whole = surfaceOf(bone);
  expect(removeContrary(whole)).toEqual(whole);
  const empty = surfaceOf({ positions: new Float32Array(0), triangles: new Uint32Array(0) });
  expect(removeContrary(empty)).toEqual(empty);
});
