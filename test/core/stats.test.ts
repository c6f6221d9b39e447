import { expect, test } from "vitest";
import { mean, percentile, standardDeviation, weightedMean, weightedPercentile } from "../../src/core/stats.ts";
import { forCases } from "../support/cases.ts";

/** Sums of a hundred doubles near 1. */
const ROUNDING = 1e-12;

const f = (...x: number[]): Float64Array => Float64Array.from(x);

test("the weighted percentile is the smallest sample that enough weight lies at or below", () => {
  expect(weightedPercentile(f(3, 1, 2), f(1, 1, 2), 0.25)).toBe(1);
  expect(weightedPercentile(f(3, 1, 2), f(1, 1, 2), 0.26)).toBe(2);
  expect(weightedPercentile(f(3, 1, 2), f(1, 1, 2), 0.75)).toBe(2);
  expect(weightedPercentile(f(3, 1, 2), f(1, 1, 2), 1)).toBe(3);
});

test("ten equal weights of 0.1 reach nine tenths at the ninth sample, rounding or not", () => {
  expect(weightedPercentile(f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), new Float64Array(10).fill(0.1), 0.9)).toBe(9);
});

test("a weight of two counts like two samples", () => {
  forCases(200, "stats/weights", (rng) => {
    const samples = Float64Array.from({ length: 1 + rng.integer(30) }, () => rng.integer(8)),
      weights = Float64Array.from(samples, () => rng.integer(4)),
      p = rng.uniform();
    if (weights.every((w) => w === 0)) return;
    const repeated = Float64Array.from([...samples].flatMap((x, i) => Array.from({ length: weights[i]! }, () => x)));
    expect(weightedPercentile(samples, weights, p)).toBe(
      weightedPercentile(repeated, new Float64Array(repeated.length).fill(1), p),
    );
    expect(Math.abs(weightedMean(samples, weights) - mean(repeated))).toBeLessThan(ROUNDING);
  });
});

test("arguments are left as they were", () => {
  const samples = f(3, 1, 2),
    weights = f(1, 2, 3);
  weightedPercentile(samples, weights, 0.5);
  percentile(samples, 0.5);
  expect([...samples, ...weights]).toEqual([3, 1, 2, 1, 2, 3]);
});

test("without weight there is no figure", () => {
  expect(weightedPercentile(f(), f(), 0.5)).toBeNaN();
  expect(weightedPercentile(f(1), f(0), 0.5)).toBeNaN();
  expect(weightedMean(f(1), f(0))).toBeNaN();
  expect(percentile([], 0.5)).toBeNaN();
  expect(mean([])).toBeNaN();
  expect(standardDeviation([1])).toBeNaN();
});

test("the unweighted percentile interpolates between neighbours", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(percentile([10, 20], 0.1)).toBeCloseTo(11, 12);
  expect(percentile([7], 0.95)).toBe(7);
});

test("the standard deviation of 2 4 4 4 5 5 7 9 is the root of 32/7", () => {
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
});
