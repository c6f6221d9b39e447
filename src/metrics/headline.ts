import { thresholdsMm, type Figure, type SurfaceScore } from "../data/report.ts";
import type { Interval } from "./block-bootstrap.ts";
import type { SurfaceSpread } from "./surface-spread.ts";

/** A figure whose interval holds its value: a bootstrap's percentiles need not. Without interval: the value alone. */
export function figure(value: number, interval: Interval | null | undefined, unit: string): Figure {
  const [low, high] = interval ?? [value, value];
  return { value, low: Math.min(low, value), high: Math.max(high, value), unit };
}

/** Stable ids of a surface score under `prefix` ("femur.reachable"); what could not be measured is not there. */
export function surfaceHeadline(prefix: string, score: SurfaceScore, spread: SurfaceSpread): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  const put = (
    id: string,
    value: number | null | undefined,
    interval: Interval | null | undefined,
    unit: string,
  ): void => {
    if (value !== null && value !== undefined && Number.isFinite(value)) {
      figures[`${prefix}.${id}`] = figure(value, interval, unit);
    }
  };
  put("assd", score.assd, spread.assd, "mm");
  put("meanAccuracy", score.meanAccuracy, spread.meanAccuracy, "mm");
  put("meanCompleteness", score.meanCompleteness, spread.meanCompleteness, "mm");
  put("rms", score.rms, spread.rms, "mm");
  put("rmsAccuracy", score.rmsAccuracy, spread.rmsAccuracy, "mm");
  put("hd95", score.hd95, spread.hd95, "mm");
  put("hd100", score.hd100, null, "mm");
  put("bias", score.bias, spread.bias, "mm");
  thresholdsMm.forEach((tau, i) => {
    const at = i as 0 | 1 | 2 | 3;
    put(`precision${tau}mm`, score.precision?.[at], spread[`precision${at}`], "1");
    put(`coverage${tau}mm`, score.coverage?.[at], spread[`coverage${at}`], "1");
    put(`fScore${tau}mm`, score.fScore?.[at], spread[`fScore${at}`], "1");
    put(`surfaceDice${tau}mm`, score.surfaceDice?.[at], null, "1");
  });
  return figures;
}
