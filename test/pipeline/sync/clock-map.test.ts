import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { fitClock } from "../../../src/pipeline/sync/clock-map.ts";

/** 3 standard errors of a block median of 75 arrivals with 0.4 ms jitter. */
const OFFSET_TOLERANCE_S = 0.0002;
/** The same, over half of the 20 s that separate the blocks. */
const SKEW_TOLERANCE = 2e-5;

function arrivals(skew: number, offsetS: number, lateShare: number) {
  const rng = createRng("clock");
  const device = Float64Array.from({ length: 2400 }, (_, i) => 1356 + i / 120);
  const host = device.map(
    (t) => offsetS + (1 + skew) * t + 0.005 + 0.0004 * rng.normal() + (rng.uniform() < lateShare ? 0.05 : 0),
  );
  return { device, host };
}

test("a clock with offset and 100 ppm of drift is mapped within jitter, although one packet in ten is late", () => {
  const { device, host } = arrivals(1e-4, -1356, 0.1);
  const { offsetS, rate } = fitClock(device, host);
  const mid = 1366;
  expect(Math.abs(offsetS + rate * mid - (-1356 + 1.0001 * mid + 0.005))).toBeLessThan(OFFSET_TOLERANCE_S);
  expect(Math.abs(rate - 1.0001)).toBeLessThan(SKEW_TOLERANCE);
});

test("a shift by twice the tolerance would be noticed", () => {
  const { device, host } = arrivals(0, 0, 0);
  const shifted = fitClock(
    device,
    host.map((t) => t + 2 * OFFSET_TOLERANCE_S),
  );
  expect(Math.abs(shifted.offsetS + shifted.rate * 1366 - 1366.005)).toBeGreaterThan(OFFSET_TOLERANCE_S);
});

test("one sample, or none, gives the offset or nothing", () => {
  expect(fitClock(Float64Array.of(5), Float64Array.of(7))).toEqual({ offsetS: 2, rate: 1, jitterSdS: 0 });
  expect(fitClock(new Float64Array(), new Float64Array())).toEqual({ offsetS: 0, rate: 1, jitterSdS: 0 });
});
