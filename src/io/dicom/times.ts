import type { DataSet } from "dicom-parser";
import { FormatError } from "../../core/errors.ts";

const DEFAULT_RATE_HZ = 30;

/**
 * Seconds since the first frame: by Frame Time Vector (intervals, ms; the first is 0), else Frame Time, else the cine
 * rate or the recommended rate, else 30 Hz with a warning.
 */
export function frameTimes(
  file: string,
  dataSet: DataSet,
  frames: number,
  warn: (sentence: string) => void,
): Float64Array {
  const vector = dataSet.string("x00181065");
  if (vector !== undefined) {
    const intervalsMs = vector.split("\\").map(Number);
    if (intervalsMs.length !== frames || intervalsMs.some((ms, i) => !(i === 0 ? ms >= 0 : ms > 0))) {
      throw new FormatError(
        file,
        { field: "(0018,1065) Frame Time Vector" },
        `is no list of ${frames} intervals in ms`,
        "Export the clip again",
      );
    }
    let timeMs = -intervalsMs[0]!;
    return Float64Array.from(intervalsMs, (ms) => (timeMs += ms) / 1000);
  }
  const positive = (tag: string): number | undefined => {
    const value = Number(dataSet.string(tag) ?? NaN);
    return value > 0 && Number.isFinite(value) ? value : undefined;
  };
  const frameMs = positive("x00181063"),
    rateHz = positive("x00180040") ?? positive("x00082144");
  if (frameMs === undefined && rateHz === undefined && frames > 1) {
    warn(`The file does not say how fast its frames follow: ${DEFAULT_RATE_HZ} Hz is assumed.`);
  }
  const periodS = frameMs === undefined ? 1 / (rateHz ?? DEFAULT_RATE_HZ) : frameMs / 1000;
  return Float64Array.from({ length: frames }, (_, i) => i * periodS);
}
