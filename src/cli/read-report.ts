import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../core/errors.ts";
import type { Report } from "../data/report.ts";
import { parseReport } from "../report/validate.ts";

/** Of a result folder, or of its report.json itself. Throws a FormatError that names file and field. */
export async function readReport(path: string): Promise<Report> {
  const file = (await stat(path)).isDirectory() ? join(path, "report.json") : path;
  return parseReport(parseJson(await readFile(file, "utf8"), file), file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new FormatError(file, { whole: true }, `is no JSON: ${problem}`, "Run the scenario again");
  }
}
