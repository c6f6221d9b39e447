import { expect, test } from "vitest";
import { weightedPercentile } from "../../src/core/stats.ts";
import type { Measurement } from "../../src/data/measurement.ts";
import { surfaceMetrics } from "../../src/metrics/all.ts";
import { compareDefaults, compareSurfaces, prepareTruth } from "../../src/metrics/compare-surfaces.ts";
import { meanOf, pool, rmsOf, summarise, summaryTable } from "../../src/metrics/summarise.ts";
import { icosphere } from "../../src/verify/shapes.ts";
import { forCases } from "../support/cases.ts";

/** Sums of a hundred doubles below 100. */
const ROUNDING = 1e-10;

const measured = (samples: number[], weights: number[]): Measurement => ({
  status: "measured",
  samples: Float64Array.from(samples),
  weights: Float64Array.from(weights),
});

test("a summary agrees with the definitions written out", () => {
  forCases(200, "summarise", (rng) => {
    const samples = Array.from({ length: 1 + rng.integer(60) }, () => 4 * rng.uniform()),
      weights = samples.map(() => 0.1 + rng.uniform());
    const summary = summarise(measured(samples, weights))!;
    const total = weights.reduce((a, b) => a + b);
    const sum = (f: (x: number) => number): number => samples.reduce((s, x, i) => s + weights[i]! * f(x), 0);
    expect(Math.abs(meanOf(summary)! - sum((x) => x) / total)).toBeLessThan(ROUNDING);
    expect(Math.abs(rmsOf(summary)! - Math.sqrt(sum((x) => x * x) / total))).toBeLessThan(ROUNDING);
    expect(summary.p95).toBe(weightedPercentile(Float64Array.from(samples), Float64Array.from(weights), 0.95));
    expect(summary.max).toBe(Math.max(...samples));
    [0.5, 1, 2, 3].forEach((threshold, k) => {
      expect(Math.abs(summary.below[k as 0] - sum((x) => (x < threshold ? 1 : 0)))).toBeLessThan(ROUNDING);
    });
  });
});

test("drawing blocks is repeating their samples", () => {
  forCases(100, "summarise/blocks", (rng) => {
    const samples = Float64Array.from({ length: 1 + rng.integer(60) }, () =>
        rng.uniform() < 0.1 ? Infinity : 4 * rng.uniform(),
      ).toSorted(),
      weights = samples.map(() => 0.1 + rng.uniform()),
      of = Uint32Array.from(samples, () => rng.integer(5)),
      drawn = Uint32Array.from({ length: 5 }, () => rng.integer(3));
    const repeated = [...samples.keys()].flatMap((i) => Array.from({ length: drawn[of[i]!]! }, () => i));
    const quick = summaryTable(samples, weights, { of, count: 5 })(drawn),
      slow = summarise(
        measured(
          repeated.map((i) => samples[i]!),
          repeated.map((i) => weights[i]!),
        ),
      )!;
    expect([quick.p95, quick.max]).toEqual([slow.p95, slow.max]);
    const numbers = ({ weight, finiteWeight, sum, sumOfSquares, below, upTo }: typeof quick): number[] => [
      weight,
      finiteWeight,
      sum,
      sumOfSquares,
      ...below,
      ...upTo,
    ];
    numbers(quick).forEach((x, k) => expect(Math.abs(x - numbers(slow)[k]!)).toBeLessThan(ROUNDING));
  });
});

test("infinite samples stay in the shares and out of the distances", () => {
  const summary = summarise(measured([1, Infinity, 3], [1, 1, 2]))!;
  expect(summary).toMatchObject({ weight: 4, finiteWeight: 3, max: 3, below: [0, 0, 1, 1], upTo: [0, 1, 1, 3] });
  expect(meanOf(summary)).toBeCloseTo(7 / 3, 12);
});

test("pooling is summarising all samples at once, and one failure fails the pool", () => {
  const a = measured([1, 2], [1, 3]),
    b = measured([5], [2]),
    failed: Measurement = { status: "failed", reason: "no result" };
  expect(summarise(pool([a, b]))).toEqual(summarise(measured([1, 2, 5], [1, 3, 2])));
  expect(pool([a, failed])).toEqual(failed);
  expect(summarise(failed)).toBeUndefined();
});

test("every metric of a surface says its unit, its direction and that nothing was aligned, and keeps raw samples", () => {
  const prepared = prepareTruth({ mesh: icosphere(20, 3) }, compareDefaults);
  const comparison = compareSurfaces(icosphere(21, 3), prepared, compareDefaults),
    without = compareSurfaces(undefined, prepared, compareDefaults);
  for (const metric of Object.values(surfaceMetrics)) {
    expect(metric).toMatchObject({ unit: "mm", alignment: "none" });
    const measurement = metric.measure(comparison, "reachable");
    if (measurement.status === "failed") throw new Error(measurement.reason);
    expect(measurement.samples.length).toBeGreaterThanOrEqual(2000);
    expect(measurement.weights).toHaveLength(measurement.samples.length);
    // 1,280 facets with edges of 3.5 mm lie up to 0.08 mm inside, on both spheres
    expect(Math.abs(meanOf(summarise(measurement)!)! - 1)).toBeLessThan(0.15);
    expect(metric.measure(comparison, "unreachable").status).toBe(
      metric === surfaceMetrics.accuracy || metric === surfaceMetrics.signedDistance ? "measured" : "failed",
    );
    if (metric !== surfaceMetrics.completeness) expect(metric.measure(without, "whole").status).toBe("failed");
  }
});
