import { expect, test } from "vitest";
import { createRng, type Rng } from "../../src/core/rng.ts";
import { forCases } from "../support/cases.ts";

const COUNT = 20_000;
/** Standard errors; a correct generator with these fixed seeds stays within 4. */
const SIGMAS = 4;

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uniform());

test("the same seed and labels give the same numbers", () => {
  const numbers = (): number[] => draw(createRng("knee").fork("tracker").fork("noise"), 100);
  expect(numbers()).toEqual(numbers());
});

test("other seeds and other labels give other numbers", () => {
  const first = (rng: Rng): number => rng.uniform();
  const seen = new Set(
    ["a", "b", "ab"].flatMap((s) => [createRng(s), createRng(s).fork("x"), createRng(s).fork("y")]).map(first),
  );
  expect(seen.size).toBe(9);
});

test("forking draws nothing from the parent, and drawing changes no later fork", () => {
  const plain = createRng("seed"),
    forked = createRng("seed");
  forked.fork("a").uniform();
  expect(forked.uniform()).toBe(plain.uniform());
  draw(plain, 50);
  expect(plain.fork("late").uniform()).toBe(createRng("seed").fork("late").uniform());
});

test("parallel streams are uncorrelated", () => {
  const a = draw(createRng("seed").fork("position-noise"), COUNT),
    b = draw(createRng("seed").fork("rotation-noise"), COUNT);
  const covariance = a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i]! - 0.5), 0) / COUNT;
  // of two independent uniforms: (1/12) / √n
  expect(Math.abs(covariance)).toBeLessThan((SIGMAS / 12) * Math.sqrt(1 / COUNT));
});

test("the first numbers of streams 0, 1, 2 … are themselves uniform", () => {
  const parent = createRng("seed");
  const firsts = Array.from({ length: COUNT / 4 }, (_, i) => parent.fork(`frame-${i}`).uniform());
  const mean = firsts.reduce((a, b) => a + b) / firsts.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(SIGMAS / Math.sqrt(12 * firsts.length));
});

test("uniform numbers lie in [0, 1) and integers in [0, n)", () => {
  forCases(50, "rng/ranges", (rng) => {
    const n = 1 + rng.integer(20);
    for (let i = 0; i < 200; i++) {
      const u = rng.uniform(),
        k = rng.integer(n);
      expect(u >= 0 && u < 1).toBe(true);
      expect(Number.isInteger(k) && k >= 0 && k < n).toBe(true);
    }
  });
});

test("normal numbers have mean 0, variance 1 and the tails of a normal distribution", () => {
  const rng = createRng("normal"),
    x = Array.from({ length: COUNT }, () => rng.normal());
  const mean = x.reduce((a, b) => a + b) / COUNT,
    variance = x.reduce((a, b) => a + b * b) / COUNT;
  const tail = x.filter((v) => Math.abs(v) > 1.959964).length / COUNT;
  expect(Math.abs(mean)).toBeLessThan(SIGMAS / Math.sqrt(COUNT));
  expect(Math.abs(variance - 1)).toBeLessThan(SIGMAS * Math.sqrt(2 / COUNT));
  expect(Math.abs(tail - 0.05)).toBeLessThan(SIGMAS * Math.sqrt((0.05 * 0.95) / COUNT));
});
