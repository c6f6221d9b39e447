import { expect, test } from "vitest";
import type { DigitisedPoint } from "../../../src/data/recording.ts";
import { regionGrid } from "../../../src/pipeline/reconstruction/anatomy-region.ts";

const touched = (name: string, x: number, y: number, z: number): DigitisedPoint => ({
  name,
  body: "Femur",
  positionMm: [x, y, z],
});
const points = [
  touched("femur-medial-epicondyle", -40, 5, 0),
  touched("femur-lateral-epicondyle", 42, -3, 2),
  touched("tibia-medial-plateau", -35, 0, -30),
  touched("tibia-lateral-plateau", 36, 1, -28),
  touched("patella-superior-pole", 2, 50, 30),
];

test("a region is the box around its touched points and the margin, in voxels that cover it", () => {
  const { shape, spacingMm, originMm } = regionGrid("joint", points, 0.5, 20);
  expect(originMm).toEqual([-60, -23, -50]);
  expect(spacingMm).toEqual([0.5, 0.5, 0.5]);
  // 82, 8 and 32 mm between the points, 40 mm of margin.
  expect(shape).toEqual([2 * 122 + 1, 2 * 48 + 1, 2 * 72 + 1]);
});

test("every point of the region lies the margin inside, whatever the voxels", () => {
  for (const spacing of [0.3, 0.7, 1.1]) {
    const { shape, originMm } = regionGrid("femur", points, spacing, 7);
    for (const { positionMm } of points.slice(0, 2)) {
      positionMm.forEach((mm, axis) => {
        const last = originMm[axis]! + (shape[axis]! - 1) * spacing;
        expect(mm - originMm[axis]!).toBeGreaterThanOrEqual(7);
        expect(last - mm).toBeGreaterThanOrEqual(7 - 1e-9);
      });
    }
  }
});

test("a point that was not touched is named", () => {
  expect(() => regionGrid("patella", points, 0.5, 20)).toThrow(/"patella" needs the point "patella-inferior-pole"/);
});
