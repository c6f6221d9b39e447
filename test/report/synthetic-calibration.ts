import type { CalibrationPage, PlotFigure } from "../../src/data/calibration-page.ts";

export const cloud: PlotFigure = {
  kind: "plot",
  title: "Cloud",
  caption: "Three points",
  xLabel: "x, mm",
  yLabel: "y, mm",
  equal: true,
  series: [{ name: "a", shape: "points", x: [0, 1, NaN], y: [0, 1, 2] }],
};
export const syntheticCalibration = (changes: Partial<CalibrationPage> = {}): CalibrationPage => ({
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
  ...changes,
});
