import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { planFaults, spoil, type Fault } from "../../../src/hardware/faults/script.ts";
import { readingOf } from "../../../src/hardware/openigtlink/tool-status.ts";

const SAMPLES = 20_000;
/** 4 standard deviations of a share of independent samples; samples of one run hang together, so `run` of them count once. */
const spread = (share: number, run: number): number => 4 * Math.sqrt((share * (1 - share) * run) / SAMPLES);

const plan = (script: readonly Fault[], seed = "plan") => planFaults(script, "poses", createRng(seed));
const indices = Array.from({ length: SAMPLES }, (_, i) => i);

for (const [share, run] of [
  [0.01, 1],
  [0.3, 1],
  [0.2, 10],
] as const) {
  test(`a share of ${share} in runs of ${run} is the share that is hit`, () => {
    const fate = plan([{ kind: "lost", line: "poses", share, run }]);
    const hits = indices.filter((i) => fate(i, i / 120).lost).length / SAMPLES;
    expect(Math.abs(hits - share)).toBeLessThan(spread(share, run));
    expect(Math.abs(hits + 2 * spread(share, run) - share)).toBeGreaterThan(spread(share, run));
  });
}

test("lost runs are at least as long as asked", () => {
  const fate = plan([{ kind: "lost", line: "poses", share: 0.05, run: 10 }]);
  const lost = indices.map((i) => fate(i, i / 120).lost);
  let length = 0;
  const runs: number[] = [];
  lost.forEach((is, i) => {
    if (is) length++;
    else if (length > 0) {
      if (i < SAMPLES) runs.push(length);
      length = 0;
    }
  });
  expect(runs.length).toBeGreaterThan(50);
  // Of the first run the beginning may lie before the recording.
  expect(Math.min(...runs.slice(1))).toBe(10);
});

test("the fate of a sample hangs on seed, fault and index alone, in whatever order it is asked", () => {
  const script: Fault[] = [{ kind: "damaged", line: "poses", share: 0.3 }, { kind: "late", line: "poses", share: 0.3 }]; // prettier-ignore
  const one = plan(script),
    other = plan(script);
  const forth = indices.slice(0, 500).map((i) => one(i, i / 120)),
    back = indices.slice(0, 500).reverse().map((i) => other(i, i / 120)).reverse(); // prettier-ignore
  expect(back).toEqual(forth);
  const elsewhere = plan(script, "another");
  expect(indices.slice(0, 500).map((i) => elsewhere(i, i / 120))).not.toEqual(forth);
  // Two faults of one script do not roll the same dice.
  expect(forth.some(({ damaged, late }) => damaged !== late)).toBe(true);
});

test("a fault of the other line does not concern this one", () => {
  const script: Fault[] = [{ kind: "lost", line: "images", share: 1 }, { kind: "resized", atS: 0, widthPx: 1, heightPx: 1 }]; // prettier-ignore
  expect(plan(script)(0, 0)).toMatchObject({ lost: false, size: undefined });
  expect(planFaults(script, "images", createRng("plan"))(0, 0)).toMatchObject({ lost: true });
});

test("spans begin and end where they say, and steps add up", () => {
  const fate = plan([
    { kind: "occluded", tool: "Probe", fromS: 1, toS: 2 },
    { kind: "clock-step", line: "poses", atS: 1.5, byS: 10 },
    { kind: "clock-step", line: "poses", atS: 1.7, byS: -3 },
    { kind: "clock-offset", line: "poses", byS: 0.5, ppm: 100 },
    { kind: "disconnected", line: "poses", atS: 3, forS: 1, how: "cut" },
  ]);
  expect([0.99, 1, 1.99, 2].map((t) => fate(0, t).tools.length)).toEqual([0, 1, 1, 0]);
  expect([1.4, 1.6, 1.8].map((t) => fate(0, t).steppedS)).toEqual([0, 10, 7]);
  expect(fate(0, 2).offsetS).toBeCloseTo(0.5002, 12);
  expect([2.9, 3, 3.9, 4].map((t) => fate(0, t).outage?.how)).toEqual([undefined, "cut", "cut", undefined]);
});

test("what is spoiled is taken for no pose", () => {
  const pose = Float64Array.of(0, -1, 0, 5, 1, 0, 0, 6, 0, 0, 1, 700);
  expect(readingOf("Probe", pose, "tracked").status).toBe("tracked");
  for (const as of ["nan", "scaled", "mirrored", "zero"] as const)
    expect(readingOf("Probe", spoil(pose, as), "tracked").status).toBe("invalid");
});
