import { expect, test } from "vitest";
import type { VariantSummary } from "../../src/data/study.ts";
import { errorBudget } from "../../src/study/error-budget.ts";

const variant = (name: string, mean: number | null): VariantSummary => ({
  name,
  set: {},
  cases: 1,
  failed: [],
  figures: [
    {
      id: "a",
      unit: "mm",
      mean,
      interval: null,
      bootstrap: null,
      worst: mean,
      sdBetweenKnees: null,
      sdBetweenSeeds: null,
      perKnee: [mean],
      difference: null,
    },
  ],
});

test("sources that add in quadrature are found, and explain the whole", () => {
  const none = 0.3,
    a = 0.4,
    b = 1.2;
  const budget = errorBudget(
    [
      variant("all", Math.hypot(none, a, b)),
      variant("none", none),
      variant("only a", Math.hypot(none, a)),
      variant("only b", Math.hypot(none, b)),
      variant("all but a", Math.hypot(none, b)),
    ],
    0,
  )!;
  expect(budget.sources.map(({ name }) => name)).toEqual(["b", "a"]);
  expect(budget.sources[0]!.alone).toBeCloseTo(b, 12);
  expect(budget.sources[1]!.missing).toBeCloseTo(a, 12);
  expect(budget.explainedShare).toBeCloseTo(1, 12);
});

test("noise below the base counts as nothing, and a budget without its ends is none", () => {
  expect(errorBudget([variant("all", 1), variant("none", 0.5), variant("only a", 0.4)], 0)!.sources[0]!.alone).toBe(0);
  expect(errorBudget([variant("all", 1), variant("only a", 0.4)], 0)).toBeUndefined();
  expect(errorBudget([variant("all", null), variant("none", 0.4)], 0)).toBeUndefined();
});
