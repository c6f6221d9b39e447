import { expect, test } from "vitest";
import { createClosestPoint } from "../../src/geometry/closest-point.ts";
import { decimateWithin } from "../../src/geometry/decimate-within.ts";
import { triangleCount, type Mesh } from "../../src/geometry/mesh.ts";

/** An open sheet of n × n squares of 1 mm, waves of 1 mm on it. */
function waves(n: number): Mesh {
  const positions = Float32Array.from({ length: 3 * (n + 1) ** 2 }, (_, i) => {
    const v = Math.floor(i / 3), x = v % (n + 1), y = Math.floor(v / (n + 1)); // prettier-ignore
    return [x, y, Math.sin(x / 3) * Math.cos(y / 4)][i % 3]!;
  });
  const triangles: number[] = [];
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const a = j * (n + 1) + i;
      triangles.push(a, a + 1, a + n + 2, a, a + n + 2, a + n + 1);
    }
  }
  return { positions, triangles: Uint32Array.from(triangles) };
}

test("no vertex of the sheet lies farther from the result than was asked, on its rim neither", async () => {
  const sheet = waves(40);
  const { mesh, errorMm } = await decimateWithin(sheet, 0.1);
  const surface = createClosestPoint(mesh);
  let worst = 0;
  for (let v = 0; v < sheet.positions.length; v += 3) {
    const [x, y, z] = sheet.positions.subarray(v, v + 3) as unknown as [number, number, number];
    worst = Math.max(worst, surface.distanceMm(x, y, z));
  }
  expect(worst).toBeLessThanOrEqual(0.1);
  expect(errorMm).toBeCloseTo(worst, 9);
  expect(triangleCount(mesh)).toBeLessThan(0.5 * triangleCount(sheet));
});

test("a bound of nothing gives the sheet back", async () => {
  expect((await decimateWithin(waves(10), 0)).errorMm).toBe(0);
});
