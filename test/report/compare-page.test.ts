import { expect, test } from "vitest";
import type { Report } from "../../src/data/report.ts";
import { compareReports } from "../../src/report/compare.ts";
import { renderComparison } from "../../src/report/compare-page.ts";
import { syntheticReport } from "./synthetic-report.ts";

const first = syntheticReport();
const pageOf = (after: Report): string =>
  renderComparison({
    first: { name: "before", report: first },
    others: [{ name: "after", report: after }],
    comparisons: [compareReports(first, after)],
  });
const changed = (value: number): Report =>
  syntheticReport({
    headline: { ...first.headline, "all.reachable.assd": { value, low: value - 0.07, high: value + 0.07, unit: "mm" } },
  });

test("a change that is larger than both intervals together is beyond noise, a smaller one is not", () => {
  // Half widths of 0.077 and 0.07 mm: together 0.104 mm.
  expect(pageOf(changed(1.03))).toMatch(/<td>\+0\.12 mm<span class="note"><strong>beyond noise/);
  expect(pageOf(changed(1.0))).toMatch(/<td>\+0\.09 mm<span class="note">within noise/);
});

test("options that differ, another seed and new warnings are named", () => {
  const text = pageOf(syntheticReport({ configuration: { name: "other" }, seed: "knee-2", warnings: ["It rained."] }));
  expect(text).toContain("and in the seed");
  expect(text).toContain("after: It rained.");
  expect(text).toMatch(
    /<code>name<\/code><\/th><td class="text"><code>knee-tracked<\/code><\/td><td class="text"><code>other/,
  );
});

test("a figure that one report has not stays in the table", () => {
  const { "pose.imageRms": _, ...headline } = first.headline;
  expect(pageOf(syntheticReport({ headline }))).toMatch(
    /Image position from tracking[^<]*<\/th><td>0\.61 mm.*?<td>–<\/td><td>–/s,
  );
});
