import type { CalibrationFigure } from "../../data/calibration-page.ts";
import type { PivotCalibration } from "../../pipeline/calibration/pivot/calibrate-pivot.ts";
import type { PoseSeries } from "../../pipeline/calibration/pose-series.ts";
import { directionOf, directionUnit, distance, placeOf, scaled, subtract } from "../../pipeline/calibration/vector3.ts";

/** The cloud of the tip about its pivots, its distance over time, and how the shaft was leaned. */
export function pivotFigures(
  { tipMm, pivotsMm, dwells }: PivotCalibration,
  { timeS, poses }: PoseSeries,
): CalibrationFigure[] {
  const shaft = directionUnit(scaled(tipMm, -1));
  const stops = dwells.map(({ from, end }, k) => {
    const samples = Array.from({ length: end - from }, (_, j) => from + j);
    return {
      name: `stop ${k + 1}`,
      times: samples.map((i) => timeS[i]! - timeS[0]!),
      off: samples.map((i) => subtract(placeOf(poses, i, tipMm), pivotsMm[k]!)),
      away: samples.map((i) => distance(placeOf(poses, i, tipMm), pivotsMm[k]!)),
      leans: samples.map((i) => directionOf(poses, i, shaft)),
    };
  });
  const series = (x: (stop: (typeof stops)[number]) => number[], y: (stop: (typeof stops)[number]) => number[]) =>
    stops.map((stop) => ({ name: stop.name, shape: "points" as const, x: x(stop), y: y(stop) }));
  const cloud = (a: 0 | 1 | 2, b: 0 | 1 | 2): CalibrationFigure => ({
    kind: "plot",
    title: `The tip about its pivot, ${"xyz"[a]!} and ${"xyz"[b]!}`,
    caption:
      "Where the calibrated tip was in each sample, less the pivot of its stop. A round cloud is the tracker's noise.",
    xLabel: `${"xyz"[a]!} of the reference, mm`,
    yLabel: `${"xyz"[b]!}, mm`,
    equal: true,
    series: series(
      ({ off }) => off.map((p) => p[a]),
      ({ off }) => off.map((p) => p[b]),
    ),
  });
  return [
    cloud(0, 1),
    cloud(0, 2),
    {
      kind: "plot",
      title: "Distance of the tip from its pivot",
      caption: "A drift within a stop is a tip that slides; a step is a marker that moved.",
      xLabel: "time, s",
      yLabel: "distance, mm",
      fromZero: true,
      series: series(
        ({ times }) => times,
        ({ away }) => away,
      ),
    },
    {
      kind: "plot",
      title: "How the stylus was leaned",
      caption:
        "Direction of the shaft in the reference. A line in place of a ring leaves the tip undetermined along the shaft.",
      xLabel: "x of the shaft's direction",
      yLabel: "y",
      equal: true,
      series: series(
        ({ leans }) => leans.map((d) => d[0]),
        ({ leans }) => leans.map((d) => d[1]),
      ),
    },
  ];
}
