import { expect, test } from "vitest";
import { fromAxisAngle, multiply3x4 } from "../../src/core/rigid.ts";
import {
  calibrationParts,
  distanceAccuracy,
  pointReconstruction,
  reproducibility,
  targetErrorInterval,
  targetRegistration,
  type CalibratedImage,
} from "../../src/metrics/calibration.ts";

const SIZE = { width: 101, height: 201 } as const;
const image = (m: Float64Array): CalibratedImage => ({ ...SIZE, probeFromPixel: m });
const TRUE = Float64Array.of(0.1, 0, 0, -5, 0, 0.1, 0, 0, 0, 0, 0.1, 0);
const samplesOf = (m: ReturnType<typeof targetRegistration.measure>): Float64Array => {
  if (m.status === "failed") throw new Error(m.reason);
  return m.samples;
};
const moved = (dx: number, dy: number, dz: number): Float64Array => {
  const m = TRUE.slice();
  m[3]! += dx;
  m[7]! += dy;
  m[11]! += dz;
  return m;
};
const ROUNDING = 1e-9;

test("a calibration that is moved by 3, 4 and 12 mm is off by 13 mm everywhere, and its parts say how", () => {
  const estimate = image(moved(3, 4, 12));
  for (const x of samplesOf(targetRegistration.measure(estimate, image(TRUE)))) expect(x).toBeCloseTo(13, 9);
  const parts = calibrationParts(estimate, image(TRUE));
  [3, 4, 12].forEach((x, k) => expect(parts.translationMm[k]).toBeCloseTo(x, 9));
  expect(parts.rotationRad).toBeLessThan(ROUNDING);
});

test("a rotation about the depth axis and scales of +1 and -2 % are each told apart", () => {
  const scaled = TRUE.map((x, k) => x * (k % 4 === 0 ? 1.01 : k % 4 === 1 ? 0.98 : 1));
  const turned = multiply3x4(fromAxisAngle<"probe", "probe">([0, 1, 0], 0.02).m, scaled);
  const { rotationAboutRad, rotationRad, scale } = calibrationParts(image(turned), image(TRUE));
  expect(rotationAboutRad[1]).toBeCloseTo(0.02, 5);
  expect(rotationRad).toBeCloseTo(0.02, 5);
  expect(rotationAboutRad[0]).toBeCloseTo(0, 9);
  expect(scale[0]).toBeCloseTo(0.01, 9);
  expect(scale[1]).toBeCloseTo(-0.02, 9);
});

test("two calibrations 2 mm apart reproduce to 1 mm, and one alone is no reproduction", () => {
  const pair = reproducibility([image(TRUE), image(moved(0, 0, 2))]);
  for (const x of samplesOf(pair)) expect(x).toBeCloseTo(1, 9);
  expect(reproducibility([image(TRUE)]).status).toBe("failed");
});

test("a shifted calibration moves points but keeps distances, a stretched one changes distances by its stretch", () => {
  const worldFromProbe = Float64Array.of(1, 0, 0, 7, 0, 1, 0, 8, 0, 0, 1, 9);
  const sight = (u: number, v: number) => ({
    pixel: [u, v] as const,
    worldFromProbe,
    targetMm: [0.1 * u - 5 + 7, 0.1 * v + 8, 9] as const,
  });
  const seen = [sight(10, 20), sight(10, 120)];
  for (const x of samplesOf(pointReconstruction.measure(image(moved(0, 3, 4)), seen))) expect(x).toBeCloseTo(5, 9);
  for (const x of samplesOf(distanceAccuracy.measure(image(moved(0, 3, 4)), seen))) expect(x).toBeCloseTo(0, 9);
  const stretched = TRUE.map((x, k) => x * (k % 4 === 1 ? 1.03 : 1));
  for (const x of samplesOf(distanceAccuracy.measure(image(stretched), seen))) expect(x).toBeCloseTo(0.3, 9);
});

test("the interval of the mean error is that of calibrations as likely as the one found; a few of them make none", () => {
  const likely = Array.from({ length: 101 }, (_, i) => moved(0, 0, i / 100));
  const interval = targetErrorInterval(likely, image(TRUE));
  expect(interval![0]).toBeCloseTo(0.025, 9);
  expect(interval![1]).toBeCloseTo(0.975, 9);
  expect(targetErrorInterval(likely.slice(0, 10), image(TRUE))).toBeNull();
});
