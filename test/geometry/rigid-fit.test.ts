import { expect, test } from "vitest";
import {
  compose,
  determinant3x4,
  fromAxisAngle,
  invert,
  orthonormalityError,
  rotationAngle,
  transformPoint,
} from "../../src/core/rigid.ts";
import type { Rng } from "../../src/core/rng.ts";
import { fitRigid, type FittedRigid, type RigidFit } from "../../src/geometry/rigid-fit.ts";
import { forCases } from "../support/cases.ts";

/** An SVD of products of coordinates of some hundred mm, in doubles. */
const ROUNDING_MM = 1e-9;
const ROUNDING_RAD = 1e-11;

const cloud = (rng: Rng, count: number): Float64Array =>
  Float64Array.from({ length: 3 * count }, (_, i) => [60, 40, 25][i % 3]! * rng.normal() + 100);

const motion = (rng: Rng) =>
  fromAxisAngle<"body", "body">([rng.normal(), rng.normal(), rng.normal()], Math.PI * rng.uniform(), [
    200 * rng.normal(),
    200 * rng.normal(),
    200 * rng.normal(),
  ]);

function moved(points: Float64Array, m: Readonly<Float64Array>): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) out.set(transformPoint(m, points[i]!, points[i + 1]!, points[i + 2]!), i);
  return out;
}

function fitted(fit: RigidFit): FittedRigid<"body", "body"> {
  if (fit.status === "refused") throw new Error(fit.reason);
  return fit as unknown as FittedRigid<"body", "body">;
}

test("a known motion is found, from three points up, and the inverse the other way", () => {
  forCases(200, "fit/known", (rng) => {
    const from = cloud(rng, 3 + rng.integer(20)),
      truth = motion(rng),
      to = moved(from, truth.m);
    const fit = fitted(fitRigid(from, to)),
      back = fitted(fitRigid(to, from));
    expect(fit.rmsMm).toBeLessThan(ROUNDING_MM);
    expect(rotationAngle(compose(invert(truth), fit).m)).toBeLessThan(ROUNDING_RAD);
    const both = compose(back, fit);
    expect(rotationAngle(both.m)).toBeLessThan(ROUNDING_RAD);
    expect(Math.hypot(both.m[3]!, both.m[7]!, both.m[11]!)).toBeLessThan(100 * ROUNDING_MM);
    expect(fit.scale).toBeCloseTo(1, 9);
    expect(fit.mirrored).toBe(false);
  });
});

test("no other motion near the answer has a smaller residual", () => {
  forCases(50, "fit/minimum", (rng) => {
    const from = cloud(rng, 12),
      to = moved(from, motion(rng).m).map((x) => x + rng.normal()),
      weights = Float64Array.from({ length: 12 }, () => rng.uniform());
    const fit = fitted(fitRigid(from, to, weights));
    const cost = (m: Readonly<Float64Array>): number => {
      const at = moved(from, m);
      return at.reduce((sum, x, i) => sum + weights[Math.floor(i / 3)]! * (x - to[i]!) ** 2, 0);
    };
    const best = cost(fit.m);
    expect(Math.sqrt(best / weights.reduce((a, b) => a + b))).toBeCloseTo(fit.rmsMm, 9);
    for (let k = 0; k < 20; k++) {
      const nudge = fromAxisAngle<"body", "body">([rng.normal(), rng.normal(), rng.normal()], 1e-3 * rng.normal(), [
        0.1 * rng.normal(),
        0.1 * rng.normal(),
        0.1 * rng.normal(),
      ]);
      expect(cost(compose(nudge, fit).m)).toBeGreaterThanOrEqual(best);
    }
  });
});

test("the answer is a proper rotation even for flat, noisy and mirrored points, and a mirror image is reported", () => {
  forCases(100, "fit/mirror", (rng) => {
    const from = cloud(rng, 8);
    const flat = from.map((x, i) => (i % 3 === 2 ? 7 : x)),
      mirrored = from.map((x, i) => (i % 3 === 0 ? -x : x));
    const truth = motion(rng);
    const flatFit = fitted(fitRigid(flat, moved(flat, truth.m)));
    expect(rotationAngle(compose(invert(truth), flatFit).m)).toBeLessThan(1e-7);
    expect(flatFit.mirrored).toBe(false);
    const mirrorFit = fitted(fitRigid(from, mirrored));
    expect(mirrorFit.mirrored).toBe(true);
    for (const { m } of [flatFit, mirrorFit]) {
      expect(orthonormalityError(m)).toBeLessThan(1e-12);
      expect(Math.abs(determinant3x4(m) - 1)).toBeLessThan(1e-12);
    }
  });
});

test("the scale is what the points were stretched by, and is not applied", () => {
  forCases(50, "fit/scale", (rng) => {
    const from = cloud(rng, 10),
      truth = motion(rng),
      to = moved(from, truth.m).map((x) => 1.03 * x);
    const fit = fitted(fitRigid(from, to));
    expect(fit.scale).toBeCloseTo(1.03, 9);
    expect(orthonormalityError(fit.m)).toBeLessThan(1e-12);
    expect(fit.rmsMm).toBeGreaterThan(0.5);
  });
});

test("a weight of zero silences a point, NaN or not", () => {
  forCases(50, "fit/weights", (rng) => {
    const from = cloud(rng, 6),
      truth = motion(rng),
      to = moved(from, truth.m);
    to[0] = NaN;
    const weights = Float64Array.of(0, 1, 2, 3, 1, 1);
    const fit = fitted(fitRigid(from, to, weights));
    expect(fit.rmsMm).toBeLessThan(ROUNDING_MM);
  });
});

test.each([
  ["two points", Float64Array.of(0, 0, 0, 1, 0, 0), /2 points/],
  ["points in one place", new Float64Array(12).fill(3), /one place/],
  ["points on a line", Float64Array.of(0, 0, 0, 1, 2, 3, 2, 4, 6, 5, 10, 15), /one line/],
  ["a point that is not finite", Float64Array.of(0, 0, 0, 1, 2, 3, 2, 4, NaN), /finite/],
])("%s are refused with the reason", (_, points, reason) => {
  const fit = fitRigid(points, points);
  expect(fit).toMatchObject({ status: "refused" });
  if (fit.status === "refused") expect(fit.reason).toMatch(reason);
});

test("points on a line to a micrometre are refused, and a tenth of a millimetre off it they are not", () => {
  const points = (off: number): Float64Array => Float64Array.of(0, 0, 0, 100, 0, 0, 200, 0, 0, 300, off, 0);
  expect(fitRigid(points(1e-3), points(1e-3)).status).toBe("refused");
  expect(fitRigid(points(0.1), points(0.1)).status).toBe("fitted");
});

test("lists that do not pair up, and weights that are no weights, are refused", () => {
  const points = Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0);
  expect(fitRigid(points, points.subarray(3)).status).toBe("refused");
  expect(fitRigid(points, points, Float64Array.of(1, 1)).status).toBe("refused");
  expect(fitRigid(points, points, Float64Array.of(1, 1, -1)).status).toBe("refused");
});
