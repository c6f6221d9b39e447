import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CalibrationPage } from "../../data/calibration-page.ts";
import { writeFileAtomic } from "../../io/atomic.ts";
import { renderCalibrationPage } from "../../report/calibration-page.ts";
import { madeNow } from "../stopwatch.ts";

/** Writes calibration.html, timing.json, and calibration.json as the command prints it; returns the page's path. */
export async function writeCalibrationPage(folder: string, page: CalibrationPage, json: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "calibration.html");
  const made = madeNow();
  await writeFileAtomic(path, renderCalibrationPage({ ...page, made }));
  await writeFileAtomic(join(folder, "timing.json"), `${JSON.stringify(made, null, 2)}\n`);
  await writeFileAtomic(join(folder, "calibration.json"), `${json}\n`);
  return path;
}
