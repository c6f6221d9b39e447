import { expect, test } from "vitest";
import { FrameOrder } from "../../../src/hardware/natnet/frame-order.ts";
import { forCases } from "../../support/cases.ts";

/** Sequence numbers given out for frame numbers as they arrive; the item is the number itself. */
function run(numbers: readonly number[], order = new FrameOrder<number>()) {
  const out = numbers.flatMap((number) => order.push(number, number));
  out.push(...order.flush());
  return { out, sequences: out.map(({ sequence }) => sequence), counters: order.counters };
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

test("lost frames leave a gap of exactly their number, at 1, 5 and 30 % and in bursts (F9)", () => {
  forCases(60, "natnet/loss", (rng) => {
    const share = [0.01, 0.05, 0.3][rng.integer(3)]!,
      burst = 50 + rng.integer(40);
    const arrived = range(1000, 300).filter((_, i) => i === 0 || i === 299 || rng.uniform() >= share);
    const kept = arrived.filter((n) => n === 1299 || n < 1000 + burst || n >= 1000 + burst + 20);
    const { sequences, counters } = run(kept);
    expect(sequences).toEqual(kept);
    expect(counters).toMatchObject({ lost: 300 - kept.length, duplicates: 0, late: 0, restarts: 0 });
  });
});

test("frames up to two places out of order are put back, each once; nothing counts as lost (F10)", () => {
  forCases(60, "natnet/reorder", (rng) => {
    const numbers = range(50, 100);
    for (let i = 1; i + 2 < 100; i += 3) {
      const [a, b, c] = numbers.slice(i, i + 3) as [number, number, number];
      numbers.splice(
        i,
        3,
        ...[
          [a, b, c],
          [b, a, c],
          [a, c, b],
          [c, a, b],
          [b, c, a],
          [c, b, a],
        ][rng.integer(6)]!,
      );
    }
    const doubled = numbers.flatMap((n) => (rng.uniform() < 0.1 ? [n, n] : [n]));
    const { sequences, counters } = run(doubled);
    expect(sequences).toEqual(range(50, 100));
    expect(counters).toMatchObject({ lost: 0, late: 0, duplicates: doubled.length - 100, restarts: 0 });
  });
});

test("a frame that comes after its place was given up is late, and left out (F10)", () => {
  const { sequences, counters } = run([1, 2, 4, 5, 6, 7, 3, 8]);
  expect(sequences).toEqual([1, 2, 4, 5, 6, 7, 8]);
  expect(counters).toMatchObject({ lost: 1, late: 1 });
});

test("numbers that wrap at 2³¹ count on (F10)", () => {
  const { sequences, counters } = run([2 ** 31 - 2, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 2, -(2 ** 31) + 1]);
  expect(sequences).toEqual(range(2 ** 31 - 2, 5));
  expect(counters.restarts).toBe(0);
});

test("a server that counts anew goes on in the sequence, in a new run (F15)", () => {
  const { sequences, out, counters } = run([...range(90_000, 5), ...range(0, 5)]);
  expect(sequences).toEqual(range(90_000, 10));
  expect(out.map((o) => o.run)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  expect(counters.restarts).toBe(1);
});

test("a take that is played again from a little earlier goes on after eight frames that brought nothing new", () => {
  const { sequences, counters } = run([...range(100, 30), ...range(110, 40)]);
  expect(counters).toMatchObject({ duplicates: 7, restarts: 1 });
  expect(sequences).toEqual(range(100, 30 + 33));
});

test("after a reconnection the first frame that is not ahead begins anew, and one that is ahead counts on", () => {
  const anew = new FrameOrder<number>();
  run(range(100, 3), anew);
  anew.beginAnew();
  expect(run(range(0, 3), anew).sequences).toEqual([103, 104, 105]);
  const same = new FrameOrder<number>();
  run(range(100, 3), same);
  same.beginAnew();
  expect(run(range(110, 2), same).sequences).toEqual([110, 111]);
});
