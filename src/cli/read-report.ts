import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "../data/report.ts";
import { parseReportText } from "../report/validate.ts";

/** Of a result folder, or of its report.json itself. Throws a FormatError that names file and field. */
export async function readReport(path: string): Promise<Report> {
  const file = (await stat(path)).isDirectory() ? join(path, "report.json") : path;
  return parseReportText(await readFile(file, "utf8"), file);
}
