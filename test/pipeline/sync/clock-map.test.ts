import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { clockOf, fitClock } from "../../../src/pipeline/sync/clock-map.ts";

const DELAY_S = 0.005;
const JITTER_S = 0.0004;
/** The first decile of a normal distribution lies so many standard deviations below its mean. */
const DECILE_SD = 1.2816;
/** 3 standard errors of the first decile of 2400 arrivals with that jitter: 1.71 sd / √2400, and some for the slope. */
const OFFSET_TOLERANCE_S = 0.00008;
/** 3 standard errors of Theil-Sen's slope over 20 blocks of 120 arrivals in 20 s. */
const SKEW_TOLERANCE = 1e-5;

function arrivals({ skew = 0, offsetS = 0, lateS = (): number => 0, rateHz = 120, durationS = 20 }) {
  const rng = createRng("clock");
  const device = Float64Array.from({ length: rateHz * durationS }, (_, i) => 1356 + i / rateHz);
  const host = device.map((t) => offsetS + (1 + skew) * t + DELAY_S + JITTER_S * rng.normal() + lateS());
  return { device, host };
}

test("a clock with offset and 100 ppm of drift is mapped within jitter, although one packet in ten is late", () => {
  const rng = createRng("late");
  const lateS = (): number => (rng.uniform() < 0.1 ? 0.05 : 0);
  const { device, host } = arrivals({ skew: 1e-4, offsetS: -1356, lateS });
  const { offsetS, rate } = fitClock(device, host);
  const mid = 1366;
  // A tenth of the late ones is missing among the promptest tenth: the decile of the rest is at 0.1 / 0.9.
  const promptS = DELAY_S - 1.2206 * JITTER_S;
  expect(Math.abs(offsetS + rate * mid - (-1356 + 1.0001 * mid + promptS))).toBeLessThan(OFFSET_TOLERANCE_S);
  expect(Math.abs(rate - 1.0001)).toBeLessThan(SKEW_TOLERANCE);
});

test("a shift by twice the tolerance would be noticed", () => {
  const { device, host } = arrivals({});
  const shifted = fitClock(
    device,
    host.map((t) => t + 2 * OFFSET_TOLERANCE_S),
  );
  const expectedS = 1366 + DELAY_S - DECILE_SD * JITTER_S;
  expect(Math.abs(shifted.offsetS + shifted.rate * 1366 - expectedS)).toBeGreaterThan(OFFSET_TOLERANCE_S);
});

/** What 20 ms of mean queueing may move the map by: 1 ms is 0.025 mm at 25 mm/s. The mean would move by 20 ms. */
const BUSY_S = 0.001;

test("a computer that is so busy that most packets wait 20 ms, and more at the start, hardly moves the map", () => {
  const idle = arrivals({ rateHz: 120, durationS: 12 });
  for (const seed of ["a", "b", "c", "d", "e"]) {
    const rng = createRng(seed);
    let heldUntilS = 0;
    const host = idle.host.map((t, i) => {
      const burst = i < 240 ? 0.06 : 0.03;
      if (rng.uniform() < 0.08) heldUntilS = t - burst * Math.log(1 - rng.uniform());
      return Math.max(t, heldUntilS);
    });
    const quiet = fitClock(idle.device, idle.host),
      busy = fitClock(idle.device, host);
    for (const t of [1356, 1362, 1368]) {
      const moved = busy.offsetS + busy.rate * t - quiet.offsetS - quiet.rate * t;
      expect(Math.abs(moved), `${seed} at ${t}`).toBeLessThan(BUSY_S);
    }
  }
});

/** Crystals differ by less. Least squares finds slopes of up to 800 ppm there. */
const PLAUSIBLE_SKEW = 1e-4;

test("a slope that seven images cannot tell stays that of nearly equal clocks", () => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = createRng(`few ${seed}`);
    const device = Float64Array.from({ length: 7 }, (_, i) => 50 + i);
    const { rate } = fitClock(
      device,
      device.map((t) => t + 3 + 0.005 * rng.uniform()),
    );
    expect(Math.abs(rate - 1), String(seed)).toBeLessThan(PLAUSIBLE_SKEW);
  }
});

test("a scan that is played ten times as fast keeps its speed", () => {
  const { device, host } = arrivals({});
  const { rate } = fitClock(
    device,
    host.map((t) => 7 + t / 10),
  );
  expect(Math.abs(rate - 0.1)).toBeLessThan(SKEW_TOLERANCE);
});

test("one sample, or none, gives the offset or nothing", () => {
  expect(fitClock(Float64Array.of(5), Float64Array.of(7))).toEqual({
    offsetS: 2,
    rate: 1,
    by: "arrivals",
    jitterSdS: 0,
  });
  expect(fitClock(new Float64Array(), new Float64Array())).toEqual({
    offsetS: 0,
    rate: 1,
    by: "arrivals",
    jitterSdS: 0,
  });
});

/** Exchanges with a clock that is an hour off and drifts by −100 ppm, each way delayed by a queue now and then. */
function exchanges({ seed, count = 60, queueS = 0.005 }: { seed: string; count?: number; queueS?: number }) {
  const rng = createRng(seed);
  const readings = Array.from({ length: count }, (_, i) => {
    const sentS = 1.7e9 + 0.1 * i;
    const [there, back] = [0, 1].map(
      () => 0.0002 - queueS * Math.log(1 - rng.uniform()) * (rng.uniform() < 0.7 ? 1 : 0.01),
    );
    return {
      deviceS: shownAt(sentS + there!),
      hostS: sentS + (there! + back!) / 2,
      uncertaintyS: (there! + back!) / 2,
    };
  });
  return {
    deviceS: Float64Array.from(readings, (r) => r.deviceS),
    hostS: Float64Array.from(readings, (r) => r.hostS),
    uncertaintyS: Float64Array.from(readings, (r) => r.uncertaintyS),
  };
}
const shownAt = (hostS: number): number => 3600 + (1 - 1e-4) * (hostS - 1.7e9);
/** Arrivals that are late by 20 ms, as on a computer that is busy throughout. */
const track = (clock: ReturnType<typeof exchanges>) => {
  const hostS = Float64Array.from({ length: 700 }, (_, i) => 1.7e9 + i / 120);
  return { acquiredAtS: hostS.map(shownAt), receivedAtS: hostS.map((t) => t + 0.02), clock };
};
/** Of the queues of 5 ms on average, in either way, what is left of the best exchanges in 6 s. */
const READING_S = 0.0001;

test("a clock that was read is mapped by its readings, to 0.1 ms although most exchanges met queues of 5 ms", () => {
  for (const seed of ["a", "b", "c", "d", "e", "f"]) {
    const { offsetS, rate } = clockOf(track(exchanges({ seed })));
    for (const t of [0.5, 3, 5.5])
      expect(Math.abs(offsetS + rate * shownAt(1.7e9 + t) - (1.7e9 + t)), `${seed} at ${t}`).toBeLessThan(READING_S);
  }
});

test("readings of a clock that was set in between do not bend the map of the rest", () => {
  const clock = exchanges({ seed: "set", queueS: 0.0005 });
  clock.deviceS.set([clock.deviceS[20]! + 3600, clock.deviceS[21]! + 3600], 20);
  const { offsetS, rate } = clockOf(track(clock));
  expect(Math.abs(offsetS + rate * shownAt(1.7e9 + 3) - (1.7e9 + 3))).toBeLessThan(READING_S);
});

test("with three readings the arrivals count", () => {
  const of = track(exchanges({ seed: "few", count: 3 }));
  expect(clockOf(of)).toEqual(fitClock(of.acquiredAtS, of.receivedAtS));
});
