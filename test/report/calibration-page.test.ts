import { expect, test } from "vitest";
import type { CalibrationPage, PlotFigure } from "../../src/data/calibration-page.ts";
import { renderCalibrationPage } from "../../src/report/calibration-page.ts";
import { axisFor, plot } from "../../src/report/plot.ts";

const cloud: PlotFigure = {
  kind: "plot",
  title: "Cloud",
  caption: "Three points",
  xLabel: "x, mm",
  yLabel: "y, mm",
  equal: true,
  series: [{ name: "a", shape: "points", x: [0, 1, NaN], y: [0, 1, 2] }],
};
const page: CalibrationPage = {
  title: "Tip <b>",
  facts: "Recording a.mha",
  headline: { "calibration.pivot.residual": { value: 0.3712, low: 0.3712, high: 0.3712, unit: "mm" } },
  sentences: [],
  findings: [{ cause: "lag", score: 0.7, sentence: "The images are <late>.", remedy: "Give --lag." }],
  figures: [
    cloud,
    {
      kind: "map",
      title: "Map",
      caption: "Radius.",
      unit: "mm",
      widthMm: 40,
      heightMm: 50,
      columns: 2,
      rows: 2,
      values: [0.1, 0.2, 0.3, 0.4],
    },
    {
      kind: "frames",
      title: "Frames",
      caption: "Rings and crosses",
      frames: [
        {
          label: "Frame 3",
          png: Uint8Array.of(1, 2, 3),
          width: 4,
          height: 3,
          spacingMm: [0.5, 0.5],
          marks: [
            { u: 1, v: 1, role: "found" },
            { u: 2, v: 1, role: "expected" },
          ],
        },
      ],
    },
  ],
};

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
