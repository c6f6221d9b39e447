import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { deviceSeconds, hostSeconds } from "../../../src/data/device.ts";
import { PlayedClock } from "../../../src/hardware/natnet/played-clock.ts";

const SKEW = 1e-4;
const shownAt = (hostS: number): number => 5000 + (1 + SKEW) * hostS;

function played(withReadings: boolean, latencyS: number): PlayedClock {
  const clock = new PlayedClock(0.0054);
  const rng = createRng("played clock");
  for (let i = 0; i < 1200; i++) {
    const takenS = i / 120;
    const reading = {
      deviceS: deviceSeconds(shownAt(takenS)),
      hostS: hostSeconds(takenS + 0.00002 * rng.normal()),
      uncertaintyS: 0.0005,
    };
    clock.add({
      sequence: i,
      acquiredAt: deviceSeconds(shownAt(takenS)),
      receivedAt: hostSeconds(takenS + latencyS + 0.0001 * rng.normal()),
      timeSource: "mid-exposure",
      geometryEpoch: 0,
      ...(withReadings && i % 30 === 0 ? { clockReading: reading } : {}),
    });
  }
  return clock;
}

test("a recorded clock is played by its readings, whatever the delay of its samples was", () => {
  // Readings err by 0.02 ms; the line through 32 of them by a fraction.
  expect(Math.abs(played(true, 0.02).at(10)! - shownAt(10))).toBeLessThan(2e-5);
});

test("without readings it is played by the arrivals, less the usual delay", () => {
  // The estimate follows with a delay of 64 samples, in which the clock gains 0.05 ms; jitter of 0.1 ms.
  expect(Math.abs(played(false, 0.0054).at(10)! - shownAt(10))).toBeLessThan(1.5e-4);
});

test("nobody knows the clock before the first sample", () => {
  expect(new PlayedClock(0.0054).at(1)).toBeUndefined();
});
