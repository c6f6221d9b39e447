import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import {
  components,
  kneesToShow,
  pairedDifferences,
  populationInterval,
  populationMean,
} from "../../src/metrics/population.ts";

test("a knee with more seeds counts no more than one with few", () => {
  expect(populationMean([[1, 1, 1, 1], [3], []])).toBe(2);
});

test("Student's interval is that of the textbook", () => {
  // Five numbers of mean 3 and standard deviation 1.5811: half width 2.7764 · 1.5811 / √5.
  const [low, high] = populationInterval([[1], [2], [3], [4], [5]], "t", createRng("t"))!;
  expect(high - 3).toBeCloseTo(1.9632, 4);
  expect(3 - low).toBeCloseTo(1.9632, 4);
});

test("a bootstrap interval stays within the knees, moves with them, and is none with two knees", () => {
  const knees = [[1], [2], [3], [4], [7], [9]];
  for (const kind of ["percentile", "bca"] as const) {
    const [low, high] = populationInterval(knees, kind, createRng("b"))!;
    expect(low).toBeGreaterThanOrEqual(1);
    expect(high).toBeLessThanOrEqual(9);
    const shifted = populationInterval(
      knees.map(([value]) => [value! + 100]),
      kind,
      createRng("b"),
    )!;
    expect(shifted[0]).toBeCloseTo(low + 100, 9);
    expect(populationInterval(knees.slice(0, 2), kind, createRng("b"))).toBeNull();
  }
});

test("of a skewed sample BCa reaches further to the side of the tail than the percentiles do", () => {
  const knees = Array.from({ length: 15 }, (_, i) => [Math.exp(2 * (i / 14))]);
  const skewed = [...knees, [30]];
  const percentile = populationInterval(skewed, "percentile", createRng("s"))!,
    bca = populationInterval(skewed, "bca", createRng("s"))!;
  expect(bca[1]).toBeGreaterThan(percentile[1]);
  expect(bca[0]).toBeGreaterThan(percentile[0]);
});

test("components of variance are found in a nested population", () => {
  const rng = createRng("nested");
  const knees = Array.from({ length: 400 }, () => {
    const own = 3 * rng.normal();
    return Array.from({ length: 4 }, () => 10 + own + 1.5 * rng.normal());
  });
  const { betweenKnees, betweenSeeds } = components(knees);
  // Standard errors: 3 / √800 = 0.11 and 1.5 / √2400 = 0.03; three of them.
  expect(Math.abs(betweenKnees - 3)).toBeLessThan(0.35);
  expect(Math.abs(betweenSeeds - 1.5)).toBeLessThan(0.1);
});

test("pairs leave out a seed that either side lacks", () => {
  expect(
    pairedDifferences(
      [
        [1, 2],
        [3, null],
      ],
      [
        [2, null],
        [5, 6],
      ],
    ),
  ).toEqual([[1], [2]]);
});

test("the number of knees is that of the published tables of the paired t-test", () => {
  // Effect size d = 0.5 and 1.0, two-sided 5 %, power 80 %: 34 and 10 pairs (Cohen 1988; G*Power 3).
  expect(Math.abs(kneesToShow(0.5, 1) - 34)).toBeLessThanOrEqual(1);
  expect(Math.abs(kneesToShow(1, 1) - 10)).toBeLessThanOrEqual(1);
  expect(kneesToShow(0.2, 0)).toBe(3);
});
