import { expect, test } from "vitest";
import {
  convexOutline,
  ellipsoid,
  monotoneCurve,
  smoothMax,
  smoothMin,
  taperedCapsule,
} from "../../../src/sim/knee/implicit.ts";
import { forCases } from "../../support/cases.ts";

/** Sums of a few doubles near 100. */
const ROUNDING_MM = 1e-9;
const DEG = Math.PI / 180;

test("a smooth union never lies above the plain one, nor lower than a quarter of its rounding", () => {
  forCases(200, "implicit/smooth", (rng) => {
    const a = 20 * rng.normal(), b = 20 * rng.normal(), k = 0.1 + 10 * rng.uniform(); // prettier-ignore
    const d = smoothMin(a, b, k);
    expect(d).toBeLessThanOrEqual(Math.min(a, b) + ROUNDING_MM);
    expect(d).toBeGreaterThanOrEqual(Math.min(a, b) - k / 4 - ROUNDING_MM);
    expect(smoothMax(-a, -b, k)).toBeCloseTo(-d, 9);
  });
});

test("an outline of one radius is a circle, inside and outside", () => {
  const { distanceMm } = convexOutline([3, -2], -180 * DEG, [
    { radiusMm: 20, toRad: -30 * DEG },
    { radiusMm: 20, toRad: 40 * DEG },
    { radiusMm: 20, toRad: 180 * DEG },
  ]);
  forCases(200, "implicit/circle", (rng) => {
    const u = 30 * rng.normal(), v = 30 * rng.normal(); // prettier-ignore
    expect(Math.abs(distanceMm(u, v) - (Math.hypot(u - 3, v + 2) - 20))).toBeLessThan(ROUNDING_MM);
  });
});

test("a two-radius outline has both radii and one tangent where they meet", () => {
  const { distanceMm, support } = convexOutline([0, 0], -150 * DEG, [
    { radiusMm: 20, toRad: -30 * DEG },
    { radiusMm: 30, toRad: 40 * DEG },
  ]);
  // The centre of the larger arc lies 10 mm back along the normal at the joint.
  const v = 10 * Math.cos(30 * DEG), u = 10 * Math.sin(30 * DEG); // prettier-ignore
  expect(distanceMm(u, v - 30)).toBeCloseTo(0, 9);
  expect(distanceMm(-20, 0)).toBeCloseTo(0, 9);
  expect(support(-90 * DEG)).toBeCloseTo(20, 9);
  expect(support(0)).toBeCloseTo(30 - v, 9);
  expect(support(-30 * DEG + 1e-9)).toBeCloseTo(support(-30 * DEG), 6);
});

test("an arc of half a turn or more is refused", () => {
  expect(() => convexOutline([0, 0], 0, [{ radiusMm: 1, toRad: Math.PI }])).toThrow("half a turn");
});

test("a straight piece moves the outline on by its length", () => {
  const { distanceMm } = convexOutline([0, 0], -90 * DEG, [
    { radiusMm: 5, toRad: 0, straightMm: 12 },
    { radiusMm: 5, toRad: 90 * DEG },
  ]);
  expect(distanceMm(6, -5)).toBeCloseTo(0, 9);
  expect(distanceMm(17, 0)).toBeCloseTo(0, 9);
});

test("a capsule of one radius and a ball-shaped ellipsoid have their exact distance", () => {
  const capsule = taperedCapsule([0, 0, 0], 4, [10, 0, 0], 4);
  forCases(100, "implicit/capsule", (rng) => {
    const x = 20 * rng.normal(), y = 9 * rng.normal(), z = 9 * rng.normal(); // prettier-ignore
    const along = Math.min(10, Math.max(0, x));
    expect(capsule(x, y, z)).toBeCloseTo(Math.hypot(x - along, y, z) - 4, 9);
    expect(ellipsoid(x, y, z, 7, 7, 7)).toBeCloseTo(Math.hypot(x, y, z) - 7, 9);
  });
});

test("a monotone curve passes through its points and never overshoots them", () => {
  const curve = monotoneCurve([0, 1, 2, 5], [3, 3, 8, 9]);
  [3, 3, 8, 9].forEach((value, i) => expect(curve([0, 1, 2, 5][i]!)).toBeCloseTo(value, 9));
  for (let t = -1; t < 6; t += 0.01) {
    expect(curve(t)).toBeGreaterThanOrEqual(3 - ROUNDING_MM);
    expect(curve(t)).toBeLessThanOrEqual(9 + ROUNDING_MM);
  }
});
