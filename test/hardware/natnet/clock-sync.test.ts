import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { ClockSync, type Echo } from "../../../src/hardware/natnet/clock-sync.ts";
import { forCases } from "../../support/cases.ts";

/** Echoes every 0.25 s against a server whose clock shows `offsetS + t·(1 + skew)`, with queues on either way. */
function echoes(seed: string, count: number, offsetS: number, skew: number): Echo[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const sentS = 1e4 + 0.25 * i;
    // A fixed way of 0.4 ms, and now and then a queue of up to 20 ms.
    const way = (): number => 4e-4 + 5e-6 * rng.uniform() + (rng.uniform() < 0.3 ? 0.02 * rng.uniform() : 0);
    const readS = sentS + way();
    return { sentS, receivedS: readS + way(), serverS: offsetS + readS * (1 + skew) };
  });
}

/** Half of what the fixed ways differ by, plus their share of the queues that pass the gate (30 % of 0.8 ms, halved). */
const MAP_ERROR_S = 150e-6;

test("a server's clock that is hours off and drifts by 100 ppm is mapped to 0.15 ms, queues or not", () => {
  forCases(50, "natnet/clock", (rng, seed) => {
    const offsetS = 7200 * rng.normal(),
      skew = 1e-4 * (2 * rng.uniform() - 1);
    const sync = new ClockSync();
    for (const echo of echoes(seed, 120, offsetS, skew)) sync.add(echo);
    const hostS = 1e4 + 0.25 * 120;
    const error = sync.toHost(offsetS + hostS * (1 + skew))! - hostS;
    expect(Math.abs(error)).toBeLessThan(MAP_ERROR_S);
    // Off by twice the tolerance, the same map would fail.
    expect(Math.abs(error + 2 * MAP_ERROR_S)).toBeGreaterThan(MAP_ERROR_S);
    /** The map's error over the 16 s that 64 echoes span. */
    const SKEW_ERROR = (2 * MAP_ERROR_S) / 16;
    expect(Math.abs(sync.state!.skew + skew)).toBeLessThan(SKEW_ERROR);
    expect(sync.state!.epoch).toBe(0);
  });
});

test("before the first echo there is no map, and after one there is one without slope", () => {
  const sync = new ClockSync();
  expect(sync.toHost(5)).toBeUndefined();
  expect(sync.state).toBeUndefined();
  sync.add({ sentS: 10, receivedS: 10.002, serverS: 5 });
  expect(sync.toHost(6)).toBeCloseTo(11.001, 12);
  expect(sync.state).toMatchObject({ skew: 0, epoch: 0 });
  expect(sync.state!.uncertaintyS).toBeCloseTo(0.001, 12);
});

test("a clock that is set by an hour begins a new epoch, and is mapped from its first echo on (F15)", () => {
  const sync = new ClockSync();
  for (const echo of echoes("before", 40, 0, 0)) sync.add(echo);
  sync.add({ sentS: 10_020, receivedS: 10_020.001, serverS: 10_020 + 3600 });
  expect(sync.state!.epoch).toBe(1);
  expect(sync.toHost(10_020 + 3600)).toBeCloseTo(10_020.0005, 9);
});

test("a drift of 200 ppm is no step (F15)", () => {
  const sync = new ClockSync();
  for (const echo of echoes("drift", 4000, 100, 2e-4)) sync.add(echo);
  expect(sync.state!.epoch).toBe(0);
});

test("echoes that are no numbers, or answered before they were sent, are left out", () => {
  const sync = new ClockSync();
  sync.add({ sentS: 10, receivedS: 9, serverS: 5 });
  sync.add({ sentS: 10, receivedS: 11, serverS: NaN });
  expect(sync.state).toBeUndefined();
});
