import { expect, test } from "vitest";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { surfaceArea, triangleNormal } from "../../../src/geometry/mesh.ts";
import { createRidgeRibbon } from "../../../src/pipeline/surface/ridge-ribbon.ts";

const WIDTH = 41;
/** A flat bone at row 30, seen in the columns from `from` to before `to`. */
function mask(from = 0, to = WIDTH): BoneMask {
  const seen = (u: number): boolean => u >= from && u < to;
  const fill = (value: number, none: number) =>
    Float32Array.from({ length: WIDTH }, (_, u) => (seen(u) ? value : none));
  return {
    width: WIDTH,
    height: 50,
    probability: new Uint8Array(),
    ridgeRowPx: fill(30, NaN),
    ridgeConfidence: fill(1, 0),
    ridgeSdPx: fill(0.5, NaN),
  };
}
/** Half a millimetre a pixel, columns along x, rows along −z (down), at the given y. */
const at = (yMm: number) => Float64Array.of(0.5, 0, 0, 0, 0, 0, 1, yMm, 0, -0.5, 0, 0);

test("parallel frames over a flat bone give its area, and every triangle faces the probe, whichever way it goes", () => {
  for (const direction of [1, -1]) {
    const ribbon = createRidgeRibbon({ everyMm: 1, longestEdgeMm: 4 });
    for (let i = 0; i <= 10; i++) ribbon.add(mask(), at(direction * 1.5 * i));
    const mesh = ribbon.mesh();
    // 20 mm of columns, 15 mm of way.
    expect(surfaceArea(mesh)).toBeCloseTo(300, 3);
    for (let t = 0; t < mesh.triangles.length / 3; t++) expect(triangleNormal(mesh, t)[2]).toBeGreaterThan(0);
    expect(mesh.positions[2]).toBeCloseTo(-15, 5);
  }
});

test("it grows with every frame, and what was given out stays as it was", () => {
  const ribbon = createRidgeRibbon();
  ribbon.add(mask(), at(0));
  expect(ribbon.mesh().triangles.length).toBe(0);
  ribbon.add(mask(), at(1));
  const first = ribbon.mesh(),
    area = surfaceArea(first);
  ribbon.add(mask(), at(2));
  expect(surfaceArea(ribbon.mesh())).toBeCloseTo(2 * area, 3);
  expect(surfaceArea(first)).toBe(area);
});

test("nothing spans columns without bone, nor the gap between two strokes", () => {
  const ribbon = createRidgeRibbon({ everyMm: 0.5, longestEdgeMm: 4 });
  ribbon.add(mask(0, 20), at(0));
  ribbon.add(mask(20, 41), at(1)); // no column in common
  ribbon.add(mask(), at(50));
  expect(ribbon.mesh().triangles.length).toBe(0);
  ribbon.add(mask(0, 20), at(51));
  // 19 steps of half a millimetre over 1 mm, and at the edge the triangle of which all corners are bone.
  expect(surfaceArea(ribbon.mesh())).toBeCloseTo(9.75, 3);
});
