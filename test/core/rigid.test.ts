import { expect, test } from "vitest";
import {
  compose,
  determinant3x4,
  fromAxisAngle,
  fromQuaternion,
  identity,
  interpolate,
  invert,
  invert3x4,
  multiply3x4,
  orthonormalityError,
  rotateVector,
  rotationAngle,
  toQuaternion,
  transformPoint,
  type Frame,
  type Rigid,
} from "../../src/core/rigid.ts";
import type { Rng } from "../../src/core/rng.ts";
import { forCases } from "../support/cases.ts";

/** Two products of entries up to 1e3 mm in doubles: 1e3 · 2⁻⁵² · a few hundred operations. */
const ROUNDING_MM = 1e-10;
/** Entries of a rotation, and angles that come by atan2. */
const ROUNDING = 1e-14;
/** A quaternion's angle comes from half of it: an error of 2⁻⁵² in an entry near ±1 costs twice as much. */
const ROUNDING_RAD = 1e-13;

function randomRigid<To extends Frame, From extends Frame>(
  rng: Rng,
  angleRad = Math.PI * rng.uniform(),
): Rigid<To, From> {
  const axis = [rng.normal(), rng.normal(), rng.normal()] as const;
  const mm = (): number => 2000 * rng.uniform() - 1000;
  return fromAxisAngle(axis, angleRad, [mm(), mm(), mm()]);
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}

test("a transform composed with its inverse is the identity", () => {
  forCases(200, "rigid/inverse", (rng) => {
    const trackerFromProbe = randomRigid<"tracker", "probe">(rng);
    const product = compose(trackerFromProbe, invert(trackerFromProbe));
    expect(largestDifference(product.m, identity().m)).toBeLessThan(ROUNDING_MM);
  });
});

test("composing is what moving a point twice does", () => {
  forCases(200, "rigid/compose", (rng) => {
    const a = randomRigid<"tracker", "probe">(rng),
      b = randomRigid<"probe", "image">(rng);
    const p = [rng.normal() * 100, rng.normal() * 100, rng.normal() * 100] as const;
    const twice = transformPoint(a.m, ...transformPoint(b.m, ...p));
    expect(largestDifference(transformPoint(compose(a, b).m, ...p), twice)).toBeLessThan(ROUNDING_MM);
  });
});

test("an axis and an angle give a proper rotation by that angle that leaves the axis alone", () => {
  forCases(200, "rigid/axis-angle", (rng) => {
    const axis = [rng.normal(), rng.normal(), rng.normal()] as const,
      angle = Math.PI * rng.uniform();
    const { m } = fromAxisAngle(axis, angle);
    expect(orthonormalityError(m)).toBeLessThan(ROUNDING);
    expect(Math.abs(determinant3x4(m) - 1)).toBeLessThan(ROUNDING);
    expect(Math.abs(rotationAngle(m) - angle)).toBeLessThan(ROUNDING_RAD);
    expect(largestDifference(rotateVector(m, ...axis), axis)).toBeLessThan(10 * ROUNDING);
  });
});

test("a quarter turn about z takes x to y", () => {
  expect(largestDifference(rotateVector(fromAxisAngle([0, 0, 1], Math.PI / 2).m, 1, 0, 0), [0, 1, 0])).toBeLessThan(
    ROUNDING,
  );
});

test.each([1e-9, 1e-6, 1e-3])("an angle of %s rad keeps its digits", (angle) => {
  const relative = Math.abs(rotationAngle(fromAxisAngle([1, -2, 3], angle).m) / angle - 1);
  // sin of the half angle comes from differences of entries near `angle`: relative rounding only
  expect(relative).toBeLessThan(1e-12);
});

test("a quaternion and its matrix name the same rotation, up to half a turn about any axis", () => {
  forCases(200, "rigid/quaternion", (rng) => {
    const angle = rng.uniform() < 0.3 ? Math.PI - 1e-7 * rng.uniform() : Math.PI * rng.uniform();
    const { m } = randomRigid(rng, angle);
    const q = toQuaternion(m);
    expect(q[3]).toBeGreaterThanOrEqual(0);
    expect(largestDifference(fromQuaternion(q, [m[3]!, m[7]!, m[11]!]).m, m)).toBeLessThan(ROUNDING);
  });
});

test("half turns about the three axes and the diagonals have the right quaternion", () => {
  for (const axis of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 0],
    [1, 0, 1],
    [0, 1, 1],
    [1, 1, 1],
  ] as const) {
    const q = toQuaternion(fromAxisAngle(axis, Math.PI).m),
      n = Math.hypot(...axis);
    const dot = (q[0] * axis[0] + q[1] * axis[1] + q[2] * axis[2]) / n;
    expect(Math.abs(Math.abs(dot) - 1)).toBeLessThan(ROUNDING);
  }
});

test("interpolation starts and ends at its ends and turns at a constant rate", () => {
  forCases(200, "rigid/interpolate", (rng) => {
    const a = randomRigid<"tracker", "probe">(rng),
      // half a turn has two shortest ways; stay below it
      step = randomRigid<"probe", "probe">(rng, (Math.PI - 0.1) * rng.uniform()),
      b = compose(a, step),
      s = rng.uniform();
    expect(largestDifference(interpolate(a, b, 0).m, a.m)).toBeLessThan(ROUNDING_MM);
    expect(largestDifference(interpolate(a, b, 1).m, b.m)).toBeLessThan(ROUNDING_MM);
    const part = rotationAngle(compose(invert(a), interpolate(a, b, s)).m);
    // acos of the dot product loses half the digits for small angles
    expect(Math.abs(part - s * rotationAngle(step.m))).toBeLessThan(1e-7);
  });
});

test("the general inverse undoes unequal scales and skew, and agrees with the rigid one", () => {
  forCases(200, "rigid/inverse-affine", (rng) => {
    const shape = Float64Array.of(
      0.1 + rng.uniform(),
      rng.normal() / 10,
      0,
      5,
      0,
      0.1 + rng.uniform(),
      0.05,
      -3,
      0,
      0,
      1,
      2,
    );
    const p = multiply3x4(randomRigid(rng).m, shape);
    expect(largestDifference(multiply3x4(p, invert3x4(p)), identity().m)).toBeLessThan(1e3 * ROUNDING_MM);
    const rigid = randomRigid(rng);
    expect(largestDifference(invert3x4(rigid.m), invert(rigid).m)).toBeLessThan(1e3 * ROUNDING_MM);
  });
});

test("a singular matrix is refused", () => {
  expect(() => invert3x4(new Float64Array(12))).toThrow(RangeError);
});

test("a mirrored matrix is orthonormal but has determinant −1", () => {
  const mirror = Float64Array.of(-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  expect(orthonormalityError(mirror)).toBe(0);
  expect(determinant3x4(mirror)).toBe(-1);
});

declare const trackerFromProbe: Rigid<"tracker", "probe">;
declare const probeFromImage: Rigid<"probe", "image">;
// Compiled, never called: `npm run types` fails when one of these orders becomes legal.
export const rightOrder = (): Rigid<"tracker", "image"> => compose(trackerFromProbe, probeFromImage);
// @ts-expect-error the inner frames differ, so this must not compile
export const wrongOrder = () => compose(trackerFromProbe, trackerFromProbe);
// @ts-expect-error the factors are the wrong way round
export const swapped = () => compose(probeFromImage, trackerFromProbe);
// @ts-expect-error an inverse maps the other way
export const notInverted = (): Rigid<"tracker", "probe"> => invert(trackerFromProbe);
