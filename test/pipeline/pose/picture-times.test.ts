import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { pollScanner } from "../../../src/sim/probe/polling.ts";
import { pictureTimes } from "../../../src/pipeline/pose/picture-times.ts";

/** A poll that comes a little late may be taken for the next picture's: a few of them a sweep. */
const SPREAD_S = 0.005;

test("a scanner of 28 pictures a second that is polled 30 times is found behind its stamps", () => {
  for (const seed of ["a", "b", "c"]) {
    const polled = pollScanner(
      [{ fromS: 0, toS: 8 }],
      { rateHz: 30, scannerRateHz: 28, pollDelayS: 0.002, skipShare: 0.01 },
      createRng(seed),
    );
    const stampS = Float64Array.from(polled, ({ pollS }) => pollS + 0.3);
    const firstFrame = polled.flatMap(({ picture }, i) => (i === 0 || polled[i - 1]!.picture !== picture ? [i] : []));
    const times = pictureTimes(stampS, firstFrame);
    const spread = (of: Float64Array): number => {
      const off = of.map((t, k) => t - polled[firstFrame[k]!]!.echoS),
        mean = off.reduce((sum, x) => sum + x, 0) / off.length;
      return Math.sqrt(off.reduce((sum, x) => sum + (x - mean) ** 2, 0) / off.length);
    };
    expect(spread(times)).toBeLessThan(SPREAD_S);
    expect(spread(Float64Array.from(firstFrame, (i) => stampS[i]!))).toBeGreaterThan(1.6 * SPREAD_S);
  }
});

test("pictures that all came once keep their stamps", () => {
  const stampS = Float64Array.from({ length: 40 }, (_, i) => i / 25 + (i % 3) / 400);
  expect(pictureTimes(stampS, [...stampS.keys()])).toEqual(stampS);
});
