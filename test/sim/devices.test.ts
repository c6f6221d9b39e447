import { expect, test } from "vitest";
import { fromAxisAngle } from "../../src/core/rigid.ts";
import { createRng } from "../../src/core/rng.ts";
import { pollTimes, simulatedImager } from "../../src/sim/probe/imager-device.ts";
import { duoClass, fourMarkerBody } from "../../src/sim/tracker/stereo.ts";
import { simulatedTracker } from "../../src/sim/tracker/tracker-device.ts";
import { deviceContract } from "../contract/device.ts";

const timing = { rateHz: 120, latencyS: 0.0054, latencySdS: 0.0004, clockOffsetS: 1356, clockSkew: 2e-5 };
const tracker = () =>
  simulatedTracker(
    duoClass,
    [
      {
        ...fourMarkerBody("Probe"),
        trackerFromTool: (timeS) => fromAxisAngle<"tracker", "probe">([0, 0, 1], 0, [timeS, 0, 1000]).m,
      },
    ],
    timing,
    0.5,
    createRng("device"),
  );
const imager = () =>
  simulatedImager(
    [
      { fromS: 0, toS: 0.5 },
      { fromS: 2, toS: 3.5 },
    ],
    { rateHz: 30, lagS: 0.3 },
    async (timesS, first) => timesS.map((_, i) => ({ width: 2, height: 1, pixels: Uint8Array.of(first + i, 0) })),
  );

deviceContract("simulated tracker", tracker);
deviceContract("simulated imager", imager);

test("the tracker's clock is offset and skewed, and samples arrive a latency after they were taken", async () => {
  const stream = await tracker().open(new AbortController().signal);
  let i = 0;
  for await (const { acquiredAt, receivedAt } of stream) {
    const trueS = i++ / 120;
    expect(acquiredAt).toBeCloseTo(1356 + trueS * (1 + 2e-5), 9);
    expect(receivedAt - trueS).toBeGreaterThan(0.001);
    expect(receivedAt - trueS).toBeLessThan(0.0054 + 6 * 0.0004);
  }
  expect(i).toBe(60);
});

test("images come at multiples of the polling period within the stretches, stamped late by the lag", async () => {
  expect(pollTimes(0.05, 0.2, 10)).toEqual([0.1, 0.2]);
  const stream = await imager().open(new AbortController().signal);
  const stamps: number[] = [];
  for await (const { receivedAt, sequence, value } of stream) {
    stamps.push(receivedAt);
    expect(value.pixels[0]).toBe(sequence);
  }
  expect(stamps.length).toBe(16 + 46);
  expect(stamps[0]).toBeCloseTo(0.3, 9);
  expect(stamps[16]).toBeCloseTo(2.3, 9);
});
