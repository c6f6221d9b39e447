import { expect, test } from "vitest";
import { mean, standardDeviation } from "../../src/core/stats.ts";
import { typicalKnee } from "../../src/sim/knee/parameters.ts";
import { evenDraw, normalQuantile, quickMeasures } from "../../src/verify/knee-draws.ts";
import { judge } from "../../src/verify/knee-population.ts";

test("the normal quantile has its textbook values and is odd", () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 9);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 6);
  for (const p of [0.01, 0.024, 0.2]) expect(normalQuantile(p) + normalQuantile(1 - p)).toBeCloseTo(0, 8);
});

test("even draws take one number from each of equally likely intervals, in another order for each label", () => {
  const of = (label: string): number[] =>
    Array.from({ length: 40 }, (_, i) => evenDraw("t", i, 40).fork(label).normal());
  const a = of("a"),
    b = of("b");
  expect(a).not.toEqual(b);
  expect([...a].sort((x, y) => x - y)).toEqual([...b].sort((x, y) => x - y));
  expect(mean(a)).toBeCloseTo(0, 9);
  expect(Math.abs(standardDeviation(a) - 1)).toBeLessThan(0.03); // the tails are cut at the outermost intervals' middles
});

test("sizes measured on quick meshes follow their parameters", () => {
  for (const sex of ["male", "female"] as const) {
    const p = typicalKnee(evenDraw("follow", 3, 9), sex);
    const { femur, tibia, patella } = quickMeasures(p);
    expect(Math.abs(femur.epicondylarWidthMm - p.femur.epicondylarWidthMm)).toBeLessThan(0.6);
    expect(Math.abs(femur.posteriorTurnRad - p.femur.posteriorTurnRad)).toBeLessThan(0.012);
    expect(Math.abs(tibia.medialSlopeRad - p.tibia.medialSlopeRad)).toBeLessThan(0.012);
    expect(Math.abs(patella.heightMm - p.patella.heightMm)).toBeLessThan(0.4);
  }
});

test("a mean that is off by twice its tolerance, or a spread half as wide, does not pass", () => {
  const values = Array.from({ length: 400 }, (_, i) => 50 + 4 * normalQuantile((i + 0.5) / 400));
  expect(judge(values, { mean: 50, sd: 4 }).pass).toBe(true);
  const tolerance = 0.02 * 50 + (2 * 4) / Math.sqrt(400);
  expect(judge(values, { mean: 50 + 2 * tolerance, sd: 4 }).pass).toBe(false);
  expect(judge(values, { mean: 50, sd: 8 }).pass).toBe(false);
  expect(judge([...values, NaN], { mean: 50, sd: 4 }).pass).toBe(false);
});
