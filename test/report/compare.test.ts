import { expect, test } from "vitest";
import { compareReports } from "../../src/report/compare.ts";
import { syntheticReport } from "./synthetic-report.ts";

const figure = (value: number, half: number) => ({ value, low: value - half, high: value + half, unit: "mm" });
const withAssd = (value: number, half: number) =>
  syntheticReport({ headline: { "all.reachable.assd": figure(value, half) } });

test("a report compared with itself shows no change", () => {
  const { options, figures, newWarnings } = compareReports(syntheticReport(), syntheticReport());
  expect(options).toEqual([]);
  expect(figures.every(({ change, beyondNoise }) => change === 0 && !beyondNoise)).toBe(true);
  expect(newWarnings).toEqual([]);
});

test("a change counts beyond the root of the sum of squares of both half intervals", () => {
  // 0.3 and 0.4 make 0.5.
  const of = (after: number) => compareReports(withAssd(1, 0.3), withAssd(after, 0.4)).figures[0]!;
  expect(of(1.49).beyondNoise).toBe(false);
  expect(of(1.51).beyondNoise).toBe(true);
  expect(of(0.49).beyondNoise).toBe(true);
});

test("options that differ, appear or go are named by their paths", () => {
  const other = syntheticReport({
    configuration: { name: "knee-tracked", tracker: { kind: "vega" }, sweeps: [{ name: "anterior", speedMmPerS: 30 }] },
  });
  const { options } = compareReports(syntheticReport(), other);
  expect(options).toContainEqual({ path: "tracker.kind", before: "optitrack-duo", after: "vega" });
  expect(options).toContainEqual({ path: "tracker.rateHz", before: "120", after: null });
  expect(options).toContainEqual({ path: "sweeps[0].speedMmPerS", before: "15", after: "30" });
});

test("a figure that only one of them has is a change without a number", () => {
  const { figures } = compareReports(syntheticReport({ headline: {} }), withAssd(1, 0.1));
  expect(figures).toEqual([
    { id: "all.reachable.assd", before: null, after: figure(1, 0.1), change: null, beyondNoise: true },
  ]);
});
