import { expect, test } from "vitest";
import { PERCENTILES, thinSamples } from "../../src/metrics/thin-samples.ts";

test("an even ramp is thinned to itself, and a heavier half takes more of the percentiles", () => {
  const ramp = Float64Array.from({ length: 1000 }, (_, i) => (7 * i) % 1000);
  const even = thinSamples(ramp, new Float64Array(1000).fill(1));
  expect(even).toHaveLength(PERCENTILES);
  expect([even[0], even[50], even[100]]).toEqual([0, 499, 999]);
  const heavy = thinSamples(
    ramp,
    ramp.map((value) => (value < 500 ? 3 : 1)),
  );
  expect(heavy.filter((value) => value < 500).length).toBe(76);
});

test("nothing gives nothing, and what weighs nothing or is not finite is left out", () => {
  expect(thinSamples(new Float64Array(), new Float64Array())).toEqual([]);
  expect(new Set(thinSamples(Float64Array.of(5, 1, NaN), Float64Array.of(1, 0, 1)))).toEqual(new Set([5]));
});
