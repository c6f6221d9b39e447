import { expect, test } from "vitest";
import { compose, fromAxisAngle, rotationAngle, transformPoint } from "../../src/core/rigid.ts";
import { createClosestPoint } from "../../src/geometry/closest-point.ts";
import { icp } from "../../src/geometry/icp.ts";
import { selectTriangles, triangleCentre, type Mesh } from "../../src/geometry/mesh.ts";
import { sampleSurface } from "../../src/geometry/sample-surface.ts";
import { icosphere } from "../../src/verify/shapes.ts";
import { forCases } from "../support/cases.ts";

/** Points lie on the target's own facets, so the minimum is zero; its floats are good to 1e-6 mm. */
const EXACT_MM = 1e-4;
const EXACT_RAD = 1e-5;

/** A body that no motion maps to itself: an ellipsoid with a swelling. */
function lumpyBody(subdivisions: number): Mesh {
  const { positions, triangles } = icosphere(1, subdivisions);
  const shaped = positions.map((value, i) => {
    const v = i - (i % 3),
      x = positions[v]!,
      y = positions[v + 1]!,
      z = positions[v + 2]!;
    const swelling =
      1 + 0.25 * Math.exp(-((x - 0.6) ** 2 + (y - 0.6) ** 2 + (z - 0.5) ** 2) / 0.1) + 0.1 * Math.sin(3 * z);
    return value * swelling * [30, 40, 24][i % 3]!;
  });
  return { positions: shaped, triangles };
}

function moved(points: Float64Array, m: Readonly<Float64Array>): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) out.set(transformPoint(m, points[i]!, points[i + 1]!, points[i + 2]!), i);
  return out;
}

const body = lumpyBody(4),
  target = createClosestPoint(body),
  samples = sampleSurface(body, { perCm2: 1, minimum: 600 }).positions;

test("a known motion of a few millimetres and degrees is undone exactly", () => {
  forCases(8, "icp/known", (rng) => {
    const motion = fromAxisAngle<"body", "body">([rng.normal(), rng.normal(), rng.normal()], 0.12 * rng.uniform(), [
      3 * rng.normal(),
      3 * rng.normal(),
      3 * rng.normal(),
    ]);
    const result = icp<"body", "body">(moved(samples, motion.m), target, { trim: 0 });
    if (result.status === "refused") throw new Error(result.reason);
    const both = compose(result.transform, motion);
    expect(result.converged).toBe(true);
    expect(rotationAngle(both.m)).toBeLessThan(EXACT_RAD);
    expect(Math.hypot(both.m[3]!, both.m[7]!, both.m[11]!)).toBeLessThan(EXACT_MM);
    expect(Math.abs(result.rotationRad - rotationAngle(motion.m))).toBeLessThan(EXACT_RAD);
    expect(result.rmsMm).toBeLessThan(EXACT_MM);
  });
});

test("points that lie on the target stay where they are", () => {
  const result = icp(samples, target);
  expect(result).toMatchObject({ status: "fitted", converged: true });
  if (result.status === "fitted") {
    expect(result.translationMm).toBeLessThan(EXACT_MM);
    expect(result.rotationRad).toBeLessThan(EXACT_RAD);
  }
});

test("half of a surface finds its place on the whole", () => {
  const { mesh: half } = selectTriangles(body, (t) => triangleCentre(body, t).y > 0);
  const points = sampleSurface(half, { perCm2: 1, minimum: 500 }).positions;
  const motion = fromAxisAngle<"body", "body">([1, -2, 1], 0.06, [2, -1, 1.5]);
  const result = icp<"body", "body">(moved(points, motion.m), target, { trim: 0 });
  if (result.status === "refused") throw new Error(result.reason);
  const both = compose(result.transform, motion);
  expect(rotationAngle(both.m)).toBeLessThan(EXACT_RAD);
  expect(Math.hypot(both.m[3]!, both.m[7]!, both.m[11]!)).toBeLessThan(EXACT_MM);
});

test("trimming ignores a tenth of the points that lie 20 mm off, and without it they pull", () => {
  const spoiled = samples.slice();
  for (let i = 0; i < spoiled.length / 10; i++) spoiled[i] = spoiled[i]! + 20;
  const off = (trim: number): number => {
    const result = icp(spoiled, target, { trim });
    if (result.status === "refused") throw new Error(result.reason);
    return result.translationMm;
  };
  expect(off(0.15)).toBeLessThan(EXACT_MM);
  expect(off(0)).toBeGreaterThan(0.1);
});

test("the same points give the same answer, bit for bit", () => {
  const points = moved(samples, fromAxisAngle([1, 0, 1], 0.05, [1, 1, 1]).m);
  expect(icp(points, target)).toEqual(icp(points, target));
});

test("a body that shrank by a tenth reports the scale that would bring it back, and is not stretched", () => {
  const result = icp(
    samples.map((x) => x / 1.1),
    target,
    { trim: 0 },
  );
  if (result.status === "refused") throw new Error(result.reason);
  // closest points are not the true partners, so the scale is underestimated; its direction is certain
  expect(result.scale).toBeGreaterThan(1.02);
  expect(result.scale).toBeLessThan(1.1 + 1e-6);
});

test("too few points are refused, and a share that is no share is an error", () => {
  expect(icp(samples.subarray(0, 6), target)).toMatchObject({ status: "refused" });
  expect(() => icp(samples, target, { trim: 1 })).toThrow(RangeError);
});
