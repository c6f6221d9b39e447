import { expect, test } from "vitest";
import { errorBudget, signedRoot } from "../../src/study/error-budget.ts";

/** Three knees, one seed, each with a share of its own in every variant. */
const KNEES = [0.1, 0.4, 0.2];
const variant = (name: string, ...errors: readonly number[]) => ({
  name,
  cells: KNEES.map((knee) => [Math.hypot(knee, ...errors)]),
});
const a = 0.4,
  b = 1.2;
const whole = [
  variant("all", a, b),
  variant("none"),
  variant("only a", a),
  variant("only b", b),
  variant("all but a", b),
];

test("sources that add in quadrature are found knee by knee, and explain the whole", () => {
  const { sources, rest, explainedShare } = errorBudget(whole)!;
  expect(sources.map(({ name }) => name)).toEqual(["b", "a"]);
  expect(signedRoot(sources[0]!.alone.mean)).toBeCloseTo(b, 12);
  expect(sources[0]!.alone.interval![0]).toBeCloseTo(b ** 2, 10);
  expect(signedRoot(sources[1]!.missing!.mean)).toBeCloseTo(a, 12);
  expect(sources[0]!.missing).toBeNull();
  expect(rest.mean).toBeCloseTo(0, 12);
  expect(explainedShare).toBeCloseTo(1, 12);
});

test("errors that act on each other leave a rest, which the budget says", () => {
  const { rest, explainedShare } = errorBudget([variant("all", a + b), ...whole.slice(1)])!;
  expect(rest.mean).toBeCloseTo(2 * a * b, 12);
  expect(rest.interval![0]).toBeGreaterThan(0.9);
  expect(explainedShare).toBeLessThan(0.7);
});

test("a source that makes things better by chance keeps its minus", () => {
  const lucky = { name: "only a", cells: KNEES.map((knee) => [0.9 * knee]) };
  const { sources } = errorBudget([...whole.slice(0, 2), lucky])!;
  expect(signedRoot(sources[0]!.alone.mean)).toBeLessThan(0);
});

test("a failed case takes its knee and seed out of every difference; without its ends there is no budget", () => {
  const failed = { name: "only a", cells: [[null], ...variant("only a", a).cells.slice(1)] };
  expect(signedRoot(errorBudget([...whole.slice(0, 2), failed])!.sources[0]!.alone.mean)).toBeCloseTo(a, 12);
  expect(errorBudget([whole[0]!, whole[2]!])).toBeUndefined();
  expect(errorBudget([whole[0]!, { name: "none", cells: KNEES.map(() => [null]) }, whole[2]!])).toBeUndefined();
});
