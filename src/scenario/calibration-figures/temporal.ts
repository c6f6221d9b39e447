import type { CalibrationFigure } from "../../data/calibration-page.ts";
import type { LagCalibration } from "../../pipeline/calibration/temporal/calibrate-lag.ts";
import type { ImageSignal } from "../../pipeline/calibration/temporal/image-signal.ts";

/** What every lag explains, the image's signal with the motion that was fitted to it, and what is left over. */
export function temporalFigures(fit: LagCalibration, { timeS, depthPx }: ImageSignal): CalibrationFigure[] {
  const { curve, left, imageLagS } = fit,
    start = timeS[0]!;
  const depthAt = new Map(Array.from(timeS, (t, i) => [t, depthPx[i]!]));
  const modelled = left.timesS.map((t, i) => depthAt.get(t)! - left.residuals[i]!);
  const sinceStart = left.timesS.map((t) => t - start);
  return [
    {
      kind: "plot",
      title: "What each lag explains",
      caption: `Share of the image's motion that the tracker's explains. Best at ${(1000 * imageLagS).toFixed(1)} ms; a second peak of like height would be an ambiguity.`,
      xLabel: "image lag, s",
      yLabel: "share explained",
      series: [
        {
          name: "explained",
          shape: "line",
          x: curve.map((p) => p.lagS),
          y: curve.map((p) => Math.max(0, p.explained)),
        },
      ],
    },
    {
      kind: "plot",
      title: "The image and the tracker at the best lag",
      caption: "Depth of the line (or shift of the whole image), and the tracked motion fitted to it.",
      xLabel: "time, s",
      yLabel: "depth, px",
      series: [
        { name: "image", shape: "points", x: Array.from(timeS, (t) => t - start), y: [...depthPx] },
        { name: "tracker", shape: "line", x: sinceStart, y: modelled },
      ],
    },
    {
      kind: "plot",
      title: "What is left over",
      caption: "A slope that follows the speed would be a remaining lag; a trend over time a drift of the clocks.",
      xLabel: "time, s",
      yLabel: "image less tracker, px",
      series: [{ name: "residual", shape: "points", x: sinceStart, y: [...left.residuals] }],
    },
  ];
}
