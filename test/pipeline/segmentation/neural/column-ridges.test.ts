import { expect, test } from "vitest";
import { ridgesOfDistribution, ridgesOfMask } from "../../../../src/pipeline/segmentation/neural/column-ridges.ts";

const ROWS = 64;

/** One column: a Gaussian over the rows with `mass` in all. */
function gaussian(centre: number, sigma: number, mass: number): Float32Array {
  const p = Float32Array.from({ length: ROWS }, (_, j) => Math.exp(-0.5 * ((j - centre) / sigma) ** 2));
  const sum = p.reduce((a, b) => a + b, 0);
  return p.map((v) => (v / sum) * mass);
}

// The tails beyond 3 cells hold 0.02 % of the mass and pull mean and spread by less than this.
const TAIL_CELLS = 0.005;

test("the ridge of a distribution is its mean, its spread and its mass, between the cells", () => {
  for (const centre of [10, 10.3, 10.5, 41.77]) {
    const { row, sd, confidence } = ridgesOfDistribution(gaussian(centre, 0.8, 0.9), ROWS, 1);
    expect(Math.abs(row[0]! - centre)).toBeLessThan(TAIL_CELLS);
    expect(Math.abs(sd[0]! - 0.8)).toBeLessThan(4 * TAIL_CELLS);
    expect(Math.abs(confidence[0]! - 0.9)).toBeLessThan(TAIL_CELLS);
  }
});

test("of two surfaces in a column the likelier one counts, with its own share as confidence", () => {
  const low = gaussian(50, 0.6, 0.3),
    high = gaussian(20, 0.6, 0.6);
  const { row, confidence } = ridgesOfDistribution(
    low.map((v, j) => v + high[j]!),
    ROWS,
    1,
  );
  expect(row[0]!).toBeCloseTo(20, 1);
  expect(confidence[0]!).toBeCloseTo(0.6, 2);
});

test("a column without mass has no ridge", () => {
  const { row, confidence } = ridgesOfDistribution(new Float32Array(ROWS), ROWS, 1);
  expect(row[0]).toBeNaN();
  expect(confidence[0]).toBe(0);
});

test("a mask's surface is the middle or the upper edge of its strongest run", () => {
  const mask = new Float32Array(ROWS);
  mask.set([0.2, 0.9, 1, 0.9, 0.2], 20); // rows 20 … 24
  mask.set([0.8], 50);
  const at = (surfaceAt: "top" | "middle") => ridgesOfMask(mask, ROWS, 1, { threshold: 0.5, surfaceAt });
  expect(at("middle").row[0]!).toBeCloseTo(22, 6);
  // 0.2 at row 20 and 0.9 at row 21: the threshold is crossed at 20 + 0.3 / 0.7.
  expect(at("top").row[0]!).toBeCloseTo(20 + 3 / 7, 5);
  expect(at("middle").confidence[0]!).toBe(1);
});

test("a mask that stays below the threshold shows no bone", () => {
  const { row, confidence } = ridgesOfMask(new Float32Array(ROWS).fill(0.4), ROWS, 1, {
    threshold: 0.5,
    surfaceAt: "middle",
  });
  expect(row[0]).toBeNaN();
  expect(confidence[0]).toBe(0);
});
