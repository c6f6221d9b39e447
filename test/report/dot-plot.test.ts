import { expect, test } from "vitest";
import { dotPlot, ticks } from "../../src/report/dot-plot.ts";

test("ticks are steps of 1, 2 or 5 within the range", () => {
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  expect(ticks(0, 11)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticks(-3, 297)).toEqual([0, 50, 100, 150, 200, 250]);
});

test("values stand where the axis says, and names with markup stay text", () => {
  const { text } = dotPlot({
    title: "error, mm",
    rows: [
      { name: "<script>", value: 1, interval: [0.5, 1.5], points: [0.9, 1.1] },
      { name: "none", value: null, interval: null, points: [] },
    ],
    marks: [{ at: 2, name: "published" }],
  });
  expect(text).not.toContain("<script>");
  expect(text).toContain("&lt;script&gt;");
  expect(text).toContain("no case was finished");
  const x = (pattern: RegExp) => Number(pattern.exec(text)![1]);
  const mark = x(/class="mark" x1="([\d.]+)"/),
    low = x(/class="interval" x1="([\d.]+)"/),
    high = x(/class="interval"[^>]* x2="([\d.]+)"/);
  // 0.5, 1.5 and 2 are evenly spaced from 0: (high − low) is twice (mark − high).
  expect((high - low) / (mark - high)).toBeCloseTo(2, 6);
});

test("a plot of nothing says so", () => {
  expect(dotPlot({ title: "x", rows: [] }).text).toContain("Nothing was measured");
});

test("where one mean is many times another the axis goes by ratios, and says so", () => {
  const row = (value: number) => ({ name: `row ${value}`, value, interval: null, points: [value] });
  const placesOf = (values: number[]) =>
    [...dotPlot({ title: "error, mm", rows: values.map(row) }).text.matchAll(/<rect class="mean" x="([\d.]+)"/g)].map(
      ([, x]) => Number(x),
    );
  const [a, b, c] = placesOf([0.5, 2, 8]);
  expect(b! - a!).toBeCloseTo(c! - b!, 6);
  expect(dotPlot({ title: "error, mm", rows: [row(0.5), row(8)] }).text).toContain("logarithmic axis");
  const [p, q, r] = placesOf([1, 2, 4]);
  expect(r! - q!).toBeCloseTo(2 * (q! - p!), 6);
  expect(dotPlot({ title: "error, mm", rows: [row(0), row(8)] }).text).not.toContain("logarithmic");
});
