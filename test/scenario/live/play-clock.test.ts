import { expect, test } from "vitest";
import { createPlayClock, paced } from "../../../src/scenario/live/play-clock.ts";
import { deviceOf, imageSample } from "../../support/live-scan.ts";

/** Sums and differences of seconds below a thousand. */
const ROUNDING_S = 1e-9;
/** Timers count whole milliseconds. */
const TIMER_S = 0.002;

test("a time of the samples is as long after the beginning here as there; held and late time is added", () => {
  let nowS = 100;
  const clock = createPlayClock(() => nowS);
  clock.begin(7);
  clock.begin(9); // the first one counts
  expect(clock.hereS(8)).toBe(101);
  clock.hold(true);
  nowS = 105;
  clock.hold(false);
  expect(clock.hereS(8)).toBe(106);
  nowS = 110;
  clock.late(8);
  expect(clock.hereS(8)).toBe(110);
  expect(Math.abs(clock.behindS - 4)).toBeLessThan(ROUNDING_S);
  clock.late(9); // it is not due yet
  expect(clock.hereS(9)).toBe(111);
});

test("samples never come before they are due, and the follower's wait for the leader's first", async () => {
  const nowS = (): number => performance.now() / 1000;
  const startS = nowS();
  const clock = createPlayClock(nowS);
  const came: { readonly sample: string; readonly afterS: number }[] = [];
  const read = async (id: string, leads: boolean, times: readonly number[]): Promise<void> => {
    const device = deviceOf(id, () => times.map((timeS, i) => imageSample(i, timeS)));
    const stream = await paced(device, clock, { ahead: 4, leads }).open(new AbortController().signal);
    for await (const { receivedAt } of stream) came.push({ sample: `${id} ${receivedAt}`, afterS: nowS() - startS });
  };
  await Promise.all([read("follower", false, [49, 50.05]), read("leader", true, [50, 50.02, 50.08])]);
  const due = { "follower 49": 0, "leader 50": 0, "leader 50.02": 0.02, "follower 50.05": 0.05, "leader 50.08": 0.08 };
  expect(came.map(({ sample }) => sample).toSorted()).toEqual(Object.keys(due).toSorted());
  for (const { sample, afterS } of came)
    expect(afterS, sample).toBeGreaterThanOrEqual(due[sample as keyof typeof due] - TIMER_S);
});
