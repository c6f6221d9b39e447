import { expect, test } from "vitest";
import { orthonormalityError, determinant3x4 } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { guideProbe, type GuidedOptions } from "../../../src/sim/operator/guided-probe.ts";
import { frontStroke, leg, RADIUS_MM } from "./support.ts";

const still: GuidedOptions = { speedMmPerS: 20, tremorMm: 0, tremorRad: 0, pressMm: 2, pauseS: 1 };

test("a still hand carries the face over the skin at constant speed, the beam along the inward normal", () => {
  const motion = guideProbe([frontStroke], leg, still, createRng("op"));
  expect(motion.sweeps[0]!.toS).toBeCloseTo(100 / 20, 6);
  for (let t = 0; t <= 5; t += 0.25) {
    const { m } = motion.kneeFromImage(t);
    /** The skin is met by linear interpolation in steps of 0.5 mm: exact on a line through the axis. */
    const ROUNDING_MM = 1e-6;
    expect(Math.abs(m[7]! - (RADIUS_MM - still.pressMm))).toBeLessThan(ROUNDING_MM);
    expect(Math.abs(m[11]! - (60 - 20 * t))).toBeLessThan(ROUNDING_MM);
    expect(m[5]!).toBeCloseTo(-1, 6);
    expect(m[0]!).toBeCloseTo(1, 6);
  }
});

test("tremor has the size that was asked for, and every pose is a rotation", () => {
  const motion = guideProbe(
    [frontStroke],
    leg,
    { ...still, speedMmPerS: 2, tremorMm: 0.3, tremorRad: 0.01 },
    createRng("op"),
  );
  const calm = guideProbe([frontStroke], leg, { ...still, speedMmPerS: 2 }, createRng("op"));
  let sum = 0,
    count = 0;
  for (let t = 0; t < 50; t += 0.01) {
    const { m } = motion.kneeFromImage(t);
    expect(orthonormalityError(m)).toBeLessThan(1e-9);
    expect(determinant3x4(m)).toBeCloseTo(1, 9);
    sum += (m[3]! - calm.kneeFromImage(t).m[3]!) ** 2;
    count++;
  }
  const sd = Math.sqrt(sum / count);
  expect(sd).toBeGreaterThan(0.24);
  expect(sd).toBeLessThan(0.36);
});

test("same seed, same motion; another seed, another tremor", () => {
  const at = (seed: string) =>
    guideProbe([frontStroke], leg, { ...still, tremorMm: 0.3 }, createRng(seed)).kneeFromImage(1.234).m;
  expect(at("a")).toEqual(at("a"));
  expect(at("a")).not.toEqual(at("b"));
});

test("a stroke that misses the body is refused", () => {
  const miss = { ...frontStroke, targetsMm: [[300, 300, 0] as const, [300, 300, 10] as const] }; // prettier-ignore
  expect(() => guideProbe([miss], leg, still, createRng("op"))).toThrow(/never meets the skin/);
});
