import { afterEach, expect, test, vi } from "vitest";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";

afterEach(() => void vi.useRealTimers());

test("the host's clock does not follow the wall clock when that is set (F16)", () => {
  const before = steadyClock.nowS();
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 3_600_000);
  const after = steadyClock.nowS();
  expect(after).toBeGreaterThanOrEqual(before);
  /** Half of the step; the two readings are microseconds apart. */
  expect(after - before).toBeLessThan(1800);
});
