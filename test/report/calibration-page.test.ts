import { expect, test } from "vitest";
import { renderCalibrationPage } from "../../src/report/calibration-page.ts";
import { axisFor, plot } from "../../src/report/plot.ts";
import { cloud, syntheticCalibration } from "./synthetic-calibration.ts";

const page = syntheticCalibration();

test("the axis ends at round numbers that hold the data, with ticks between", () => {
  const axis = axisFor(-0.93, 1.31);
  expect([axis.low, axis.high]).toEqual([-1, 1.5]);
  expect(axis.ticks).toHaveLength(6);
  expect(axisFor(2, 2).high).toBeGreaterThan(axisFor(2, 2).low);
});

test("a value that is no number leaves a gap instead of a broken path", () => {
  const { text } = plot(cloud);
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(text.match(/h0/g)).toHaveLength(2);
});

test("the page carries its figures, escapes what it was given, and holds no script and no address", () => {
  const html = renderCalibrationPage(page);
  expect(html).toContain("Tip &lt;b&gt;");
  expect(html).toContain("The images are &lt;late&gt;.");
  expect(html).toContain("0.371");
  expect(html).toContain("data:image/png;base64,AQID");
  expect(html.match(/class="mark found"/g)).toHaveLength(1);
  expect(html.match(/class="cell"/g)).toHaveLength(4);
  expect(html).not.toMatch(/<script|https?:|NaN|undefined/);
});

test("a page without a diagnosis says nothing of one; with an empty one it says that nothing stands out", () => {
  const { findings: _, ...without } = page;
  expect(renderCalibrationPage(without)).not.toContain("What may be wrong");
  expect(renderCalibrationPage({ ...page, findings: [] })).toContain("Nothing stands out");
});
