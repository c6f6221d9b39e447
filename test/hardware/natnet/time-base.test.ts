import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import type { Frame } from "../../../src/hardware/natnet/frame.ts";
import { TimeBase, ticksToSeconds, type FrameTime } from "../../../src/hardware/natnet/time-base.ts";
import { anyFrame } from "./arbitrary.ts";

const HZ = 3_312_787n;
const RATE_HZ = 120;
const base = anyFrame(createRng("time-base"), { major: 3, minor: 0 });
/** One tick, and the rounding of a sum of seconds of this size in doubles. */
const TICK_S = 1 / 3_312_787 + 1e-9;

const ticks = (timeS: number): bigint => BigInt(Math.round(timeS * Number(HZ)));

function frame(midS: number | null, transmitS: number | null, timestampS: number | null = null): Frame {
  const midExposure = midS === null ? 0n : ticks(midS),
    transmit = transmitS === null ? 0n : ticks(transmitS);
  return { ...base, ticks: { midExposure, dataReceived: 0n, transmit }, timestampS };
}

/** Frames at 120 Hz whose server clock shows `serverS(i)`, arriving 5 ms later by the host. */
function play(count: number, serverS: (i: number) => number, hostS = (i: number): number => i / RATE_HZ) {
  const times = new TimeBase(HZ, RATE_HZ, 0.0054);
  return Array.from({ length: count }, (_, i) => {
    const midS = serverS(i);
    return times.next(frame(midS, midS + 0.005), i, hostS(i) + 0.005);
  });
}

const increases = (times: readonly (FrameTime | null)[]): boolean =>
  times.every((time, i) => i === 0 || time!.acquiredS > times[i - 1]!.acquiredS);

test("ticks beyond 2⁵³ become seconds without losing a tick", () => {
  const large = 2n ** 60n + 1n;
  expect(ticksToSeconds(large, 10_000_000n)).toBe(Number(large / 10_000_000n) + Number(large % 10_000_000n) / 1e7);
  expect(ticksToSeconds(1416497748722n - 1416497730518n, HZ)).toBeCloseTo(0.005495, 6);
});

test("time is the middle of the exposure where the camera says it", () => {
  const [first, second] = play(2, (i) => 500 + i / RATE_HZ);
  expect(first).toMatchObject({ source: "mid-exposure", epoch: 0 });
  expect(Math.abs(first!.acquiredS - 500)).toBeLessThan(TICK_S);
  expect(Math.abs(second!.acquiredS - 500 - 1 / RATE_HZ)).toBeLessThan(TICK_S);
});

test("a camera that does not say it gets transmission minus the configured latency, and that is recorded (F17)", () => {
  const times = new TimeBase(HZ, RATE_HZ, 0.0054);
  const time = times.next(frame(null, 500), 0, 1);
  expect(time!.source).toBe("transmit-minus-latency");
  expect(Math.abs(time!.acquiredS - (500 - 0.0054))).toBeLessThan(TICK_S);
});

test("latencies that cannot be (negative, a second and more) do not pass for an exposure (F17)", () => {
  const times = new TimeBase(HZ, RATE_HZ, 0.0054);
  expect(times.next(frame(501, 500), 0, 1)!.source).toBe("transmit-minus-latency");
  expect(times.next(frame(498, 500.1), 12, 1.1)!.source).toBe("transmit-minus-latency");
});

test("without any ticks the time stamp serves, and without that the arrival", () => {
  expect(new TimeBase(HZ, RATE_HZ, 0).next(frame(null, null, 77), 0, 1)).toMatchObject({
    source: "device",
    acquiredS: 77,
  });
  const times = new TimeBase(null, RATE_HZ, 0);
  expect(times.next({ ...base, ticks: null, timestampS: null }, 0, 1)).toMatchObject({
    source: "arrival",
    acquiredS: 1,
  });
  const again = times.next({ ...base, ticks: null, timestampS: null }, 1, 1);
  expect(again!.acquiredS).toBeGreaterThan(1);
});

for (const [name, stepS] of [
  ["forward", 3600],
  ["back", -3600],
] as const) {
  test(`a clock set ${name} by an hour begins an epoch, and times go on by the host's clock (F15)`, () => {
    const times = play(20, (i) => 9000 + i / RATE_HZ + (i >= 10 ? stepS : 0));
    expect(times.map((time) => time!.epoch)).toEqual([...Array<number>(10).fill(0), ...Array<number>(10).fill(1)]);
    expect(increases(times)).toBe(true);
    expect(Math.abs(times[19]!.acquiredS - 9000 - 19 / RATE_HZ)).toBeLessThan(3 * TICK_S);
  });
}

test("a drift of 200 ppm, played ten times too fast, or with a host that slept, is no step (F15, F16)", () => {
  const epochs = (times: readonly (FrameTime | null)[]): number => times[times.length - 1]!.epoch;
  expect(epochs(play(2000, (i) => 10 + (i / RATE_HZ) * 1.0002))).toBe(0);
  expect(
    epochs(
      play(
        2000,
        (i) => 10 + i / RATE_HZ,
        (i) => i / RATE_HZ / 10,
      ),
    ),
  ).toBe(0);
  // 5 s asleep: what was queued arrives at once.
  expect(
    epochs(
      play(
        1000,
        (i) => 10 + i / RATE_HZ,
        (i) => (i < 100 ? i / RATE_HZ : Math.max(6, i / RATE_HZ)),
      ),
    ),
  ).toBe(0);
});

test("a pause of 5 s is no step (F18)", () => {
  const pausedS = (i: number): number => i / RATE_HZ + (i >= 50 ? 5 : 0);
  const times = play(100, (i) => 10 + pausedS(i), pausedS);
  expect(times[99]!.epoch).toBe(0);
  expect(times[99]!.acquiredS - times[0]!.acquiredS).toBeCloseTo(5 + 99 / RATE_HZ, 5);
});

test("a frame at which no time has passed has no time", () => {
  const times = new TimeBase(HZ, RATE_HZ, 0);
  expect(times.next(frame(10, 10.005), 0, 0)).not.toBeNull();
  expect(times.next(frame(10, 10.005), 1, 0.01)).toBeNull();
});
