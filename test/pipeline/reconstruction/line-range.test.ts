import { expect, test } from "vitest";
import { narrow } from "../../../src/pipeline/reconstruction/line-range.kernel.ts";
import { forCases } from "../../support/cases.ts";

test("a row is narrowed to exactly the columns whose position lies inside", () => {
  forCases(2000, "line-range", (rng) => {
    const width = 1 + rng.integer(60);
    const scale = 10 ** (rng.integer(9) - 4);
    const b = rng.integer(10) === 0 ? 0 : scale * rng.normal();
    // Half of the cases have bounds that are hit exactly by some column.
    const low = rng.integer(2) === 0 ? Math.floor(5 * rng.normal()) : b * rng.integer(width);
    const high = low + 10 * rng.uniform() * Math.max(1, scale);
    const a = rng.integer(2) === 0 ? 20 * rng.normal() : low;
    const range = Int32Array.of(0, width);
    narrow(range, a, b, low, high);
    const inside = Array.from({ length: width }, (_, u) => u).filter((u) => a + b * u >= low && a + b * u < high);
    const found = Array.from({ length: range[1]! - range[0]! }, (_, i) => range[0]! + i);
    expect(found).toEqual(inside);
  });
});

test("an empty range stays empty, and extreme slopes neither overflow nor hang", () => {
  for (const [a, b] of [[0, 1e300], [1e300, 1e-300], [-1e15, 1e12], [0, 0]] as const) {
    const range = Int32Array.of(5, 5);
    narrow(range, a, b, 0, 1);
    expect(range[1]! - range[0]!).toBe(0);
    const row = Int32Array.of(0, 1000);
    narrow(row, a, b, 0, 1);
    for (let u = row[0]!; u < row[1]!; u++) expect(a + b * u >= 0 && a + b * u < 1).toBe(true);
  } // prettier-ignore
});
