import { mean, percentile } from "../../core/stats.ts";
import type { Figure } from "../../data/report.ts";
import type { ImageGeometry } from "../../data/image.ts";
import { transformPoint } from "../../core/rigid.ts";
import { targetErrorInterval } from "../../metrics/calibration.ts";
import { figure } from "../../metrics/headline.ts";
import { imagePosition } from "../../metrics/image-position.ts";
import type { SessionResults } from "./calibrate-session.ts";
import { likelyCalibrations } from "./likely-calibrations.ts";
import type { PlannedSession } from "./plan-session.ts";

/** Errors of what was calibrated against the truth; the pipeline has ended before this begins. */
export function scoreSession(
  results: SessionResults,
  { truth, design }: PlannedSession,
  geometry: ImageGeometry,
): Record<string, Figure> {
  const { pivot, landmarks, temporal, speed } = results,
    { width, height } = geometry;
  const headline: Record<string, Figure> = {};
  const put = (id: string, value: number, unit: string): void => {
    headline[id] = { value, low: value, high: value, unit };
  };
  if (pivot) {
    const off = pivot.tipMm.map((x, k) => x - truth.stylusTipMm[k]!);
    put("calibration.pivot.tipError", Math.hypot(...off), "mm");
  }
  if (landmarks) {
    const errors = design.patterns
      .flatMap(({ wires }) => wires.flatMap(({ frontMm, backMm }) => [frontMm, backMm]))
      .map((point) => {
        const found = transformPoint(landmarks.bodyFromPhantom, ...point),
          there = transformPoint(truth.referenceFromPhantom.m, ...point);
        return Math.hypot(...found.map((x, k) => x - there[k]!));
      });
    put("calibration.landmarks.tre", Math.max(...errors), "mm");
  }
  if (temporal) {
    put("calibration.temporal.lagError", Math.abs(temporal.imageLagS - truth.calibration.imageLagS), "s");
  }
  if (speed) {
    const { probeFromPixel } = truth.calibration;
    const placed = imagePosition.measure(
      { fromPixel: speed.probeFromPixel, width, height },
      { fromPixel: probeFromPixel, width, height },
    );
    if (placed.status === "measured") {
      const likely = targetErrorInterval(likelyCalibrations(results, geometry), { probeFromPixel, width, height });
      headline["calibration.spatial.tre"] = figure(mean(placed.samples), likely, "mm");
      put("calibration.spatial.tre95", percentile(placed.samples, 0.95), "mm");
      put("calibration.spatial.treMax", Math.max(...placed.samples), "mm");
    }
  }
  return headline;
}
