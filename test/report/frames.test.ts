import { expect, test } from "vitest";
import type { FrameSample } from "../../src/data/report.ts";
import { ridgeAgreement, ridgePath } from "../../src/report/frames.ts";
import { flatten } from "../../src/report/configuration.ts";

const sample: FrameSample = {
  index: 3,
  file: "a.png",
  label: "",
  width: 5,
  height: 10,
  pixelMm: [0.5, 0.2],
  foundRow: [1, 4, null, 7, null],
  trueRow: [2, 2, 3, null, null],
};

test("agreement counts columns that both have, that were missed and that were invented", () => {
  const agreement = ridgeAgreement(sample)!;
  expect([agreement.both, agreement.missed, agreement.invented]).toEqual([2, 1, 1]);
  expect(agreement.meanAbsMm).toBeCloseTo(((1 + 2) / 2) * 0.2, 12);
  expect(agreement.biasMm).toBeCloseTo(((-1 + 2) / 2) * 0.2, 12);
  expect(ridgeAgreement({ ...sample, trueRow: null })).toBeNull();
  expect(ridgeAgreement({ ...sample, trueRow: [null, null, null, null, null] })!.meanAbsMm).toBeNull();
});

test("the line goes through pixel centres in mm and breaks where there is no bone", () => {
  expect(ridgePath(sample.foundRow, sample.pixelMm)).toBe("M0.25 0.30h0.25L0.75 0.90M1.75 1.50h0.25");
  expect(ridgePath([null, null], [1, 1])).toBe("");
});

test("every option is listed by its path; long lists and deep trees say what they leave out", () => {
  expect(flatten({ a: { b: 1, c: [1, 2] }, d: [{ e: null }], f: {}, g: [] })).toEqual([
    ["a.b", "1"],
    ["a.c", "[1, 2]"],
    ["d[0].e", "null"],
    ["f", "{}"],
    ["g", "[]"],
  ]);
  expect(flatten(Array.from({ length: 30 }, () => 0))[0]![1]).toContain("6 more");
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = { deep };
  expect(flatten(deep)[0]![1]).toContain("report.json");
});
