import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CalibrationPage } from "../../data/calibration-page.ts";
import { writeFileAtomic } from "../../io/atomic.ts";
import { renderCalibrationPage } from "../../report/calibration-page.ts";

/** Writes calibration.html, and calibration.json as the command prints it; returns the page's path. */
export async function writeCalibrationPage(folder: string, page: CalibrationPage, json: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "calibration.html");
  await writeFileAtomic(path, renderCalibrationPage(page));
  await writeFileAtomic(join(folder, "calibration.json"), `${json}\n`);
  return path;
}
