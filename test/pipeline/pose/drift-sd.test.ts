import { expect, test } from "vitest";
import { driftSd } from "../../../src/pipeline/pose/decorrelation/recover.ts";

const n = 5;
const still = {
  tzMm: new Float64Array(n),
  rxRad: new Float64Array(n),
  ryRad: new Float64Array(n),
  tzSdMm: new Float64Array(n),
  misfit: new Float64Array(n).fill(1),
  lagDisagreement: 0,
  feignedScaleSd: 0,
  middleMm: [0, 20] as const,
};
const steps = (value: number): Float64Array => Float64Array.from({ length: n }, (_, i) => (i > 0 ? value : 0));
const last = (all: Float64Array): [number, number, number] => [all.at(-3)!, all.at(-2)!, all.at(-1)!];

test("the stated error of a slide is the curves' share of its way, and the walk of its steps", () => {
  const [x, , z] = last(driftSd({ ...still, tzMm: steps(0.5), tzSdMm: steps(0.1) }, 0.15));
  expect(z).toBeCloseTo(Math.hypot(0.15 * 2, 0.1 * 2), 12);
  expect(x).toBeCloseTo(Math.hypot(0.06 * 2, 0.03 * 2), 12);
});

test("a fan about the face is a way of the picture's middle", () => {
  const fan = last(driftSd({ ...still, rxRad: steps(0.02) }, 0.15));
  expect(fan[2]).toBeCloseTo(0.15 * 4 * 0.02 * 20, 12);
  const swing = last(driftSd({ ...still, ryRad: steps(0.02), middleMm: [10, 20] }, 0.15));
  expect(swing[2]).toBeCloseTo(0.15 * 4 * 0.02 * 10, 12);
});

test("falls that do not fit the curves, and lags or depths that contradict each other, make the scale worth less", () => {
  const slide = { ...still, tzMm: steps(0.5) };
  expect(last(driftSd({ ...slide, misfit: steps(3) }, 0.1))[2]).toBeCloseTo(0.3 * 2, 12);
  expect(last(driftSd({ ...slide, lagDisagreement: 0.4 }, 0.1))[2]).toBeCloseTo(Math.hypot(0.1, 0.4) * 2, 12);
  expect(last(driftSd({ ...slide, feignedScaleSd: 0.24 }, 0.1))[2]).toBeCloseTo(0.26 * 2, 12);
  // Curves that fit better than they should are not worth more.
  expect(last(driftSd({ ...slide, misfit: steps(0.2) }, 0.1))[2]).toBeCloseTo(0.1 * 2, 12);
});
