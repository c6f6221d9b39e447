import { expect, test } from "vitest";
import { fromAxisAngle } from "../../src/core/rigid.ts";
import { createRng } from "../../src/core/rng.ts";
import { simulatedImager } from "../../src/sim/probe/imager-device.ts";
import { pollTimes } from "../../src/sim/probe/polling.ts";
import { fourMarkerBody } from "../../src/sim/tracker/marker-body.ts";
import { duoClass } from "../../src/sim/tracker/presets.ts";
import { simulatedTracker, type EchoTiming } from "../../src/sim/tracker/tracker-device.ts";
import { deviceContract } from "../contract/device.ts";

const timing = { rateHz: 120, latencyS: 0.0054, latencySdS: 0.0004, clockOffsetS: 1356, clockSkew: 2e-5 };
const tracker = (echo?: EchoTiming) =>
  simulatedTracker(
    duoClass,
    [
      {
        ...fourMarkerBody("Probe"),
        trackerFromTool: (timeS) => fromAxisAngle<"tracker", "probe">([0, 0, 1], 0, [timeS, 0, 1000]).m,
      },
    ],
    { ...timing, ...(echo ? { echo } : {}) },
    0.5,
    createRng("device"),
  );
const imager = (persistence = 0) =>
  simulatedImager(
    [
      { fromS: 0, toS: 0.5 },
      { fromS: 2, toS: 3.5 },
    ],
    { rateHz: 30, lagS: 0.3, persistence },
    async (timesS, first) => timesS.map((_, i) => ({ width: 2, height: 1, pixels: Uint8Array.of(first + i, 0) })),
  );

deviceContract("simulated tracker", () => tracker());
deviceContract("simulated imager", () => imager());
deviceContract("simulated imager with persistence", () => imager(0.5));

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

test("a tracker that can be asked for its time answers, and knows it to half the round trip", async () => {
  const stream = await tracker({ everyS: 0.1, oneWayS: 0.0004, queueS: 0.00005 }).open(new AbortController().signal);
  let count = 0;
  for await (const { clockReading } of stream) {
    if (!clockReading) continue;
    count++;
    const trueS = (clockReading.deviceS - 1356) / (1 + 2e-5);
    expect(Math.abs(trueS - clockReading.hostS)).toBeLessThan(clockReading.uncertaintyS);
    expect(clockReading.uncertaintyS).toBeGreaterThan(0.0004);
  }
  expect(count).toBe(5);
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

test("a scanner with persistence gives the same pictures each time it is opened: its state is the stream's", async () => {
  const shown = async (persistence: number): Promise<number[]> => {
    const levels: number[] = [];
    for await (const { value } of await imager(persistence).open(new AbortController().signal)) {
      levels.push(value.pixels[0]!);
    }
    return levels;
  };
  const device = imager(0.5),
    twice: number[][] = [[], []];
  for (const levels of twice) {
    for await (const { value } of await device.open(new AbortController().signal)) levels.push(value.pixels[0]!);
  }
  expect(twice[1]).toEqual(twice[0]);
  // Gray rises by 1 a picture: half of the way is caught up with each, so it lags by one picture …
  expect(twice[0]![15]).toBe(14);
  expect((await shown(0))[15]).toBe(15);
  // … and 1.5 s later nothing is left of what was before.
  expect(twice[0]![16]).toBe(16);
});
