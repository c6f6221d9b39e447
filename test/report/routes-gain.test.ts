import { expect, test } from "vitest";
import type { RouteReport } from "../../src/data/report.ts";
import { routesGain } from "../../src/report/tables.ts";
import { syntheticReport } from "./synthetic-report.ts";

const route = (name: RouteReport["route"], assdMm: number | null, hd95Mm: number): RouteReport => ({
  route: name,
  assdMm,
  hd95Mm,
  biasMm: 0,
  coverage2mm: 0.9,
  precision2mm: 0.9,
  areaMm2: 100,
});
const gainOf = (routes: readonly RouteReport[]): string => routesGain(syntheticReport({ routes }))?.text ?? "";

test("the page says what the run gains over Slicer's and PLUS's defaults, and what it loses", () => {
  const text = gainOf([route("points", 0.5, 2), route("slicer", 0.9, 1.5), route("plus", 1.75, 5)]);
  expect(text).toContain("0.40 mm better than SlicerIGT&#39;s defaults in mean distance");
  expect(text).toContain("0.50 mm worse in HD95");
  expect(text).toContain("1.25 mm better than PLUS");
});

test("a way that gave no surface is not compared", () => {
  expect(gainOf([route("points", null, 2), route("slicer", 0.9, 1.5)])).toBe("");
});
