import { expect, test } from "vitest";
import { fromAxisAngle, invert3x4, multiply3x4 } from "../../src/core/rigid.ts";
import { imageFromPixel, withMeanPixelDepth } from "../../src/data/image.ts";

const geometry = { width: 640, height: 480, spacingMm: [0.2, 0.1], faceCentrePx: [320, 0] } as const;
const probeFromImage = fromAxisAngle([0.3, -1, 0.2], 0.7, [5, -60, 100]).m;
const probeFromPixel = multiply3x4(probeFromImage, imageFromPixel(geometry));

/** As a file may give it: the third column `factor` times as long. */
const withColumn = (factor: number): Float64Array =>
  probeFromPixel.map((value, i) => (i % 4 === 2 ? factor * value : value));

test("a matrix whose third column fits is left as it is, to the bit", () => {
  expect(withMeanPixelDepth(probeFromPixel)).toBe(probeFromPixel);
});

// 1/0.15: PLUS configurations written by hand have a column of length 1; a matrix of points in the plane has none.
test.each([1 / 0.15, 0.01, 0])(
  "the third column of a file, %d times the mean pixel, says nothing of the motion",
  (factor) => {
    const rigid = multiply3x4(withMeanPixelDepth(withColumn(factor)), invert3x4(imageFromPixel(geometry)));
    rigid.forEach((value, i) => expect(value).toBeCloseTo(probeFromImage[i]!, 9));
  },
);

test("a mirrored image stays mirrored", () => {
  const mirrored = withMeanPixelDepth(withColumn(-3));
  for (const row of [0, 1, 2]) expect(mirrored[4 * row + 2]).toBeCloseTo(-probeFromPixel[4 * row + 2]!, 12);
});
