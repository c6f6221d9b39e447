import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { FormatError } from "../core/errors.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { renderReport } from "../report/html.ts";
import { parseReport } from "../report/validate.ts";
import { readAssets } from "../scenario/report-assets.ts";
import { terminalFor, type CommonOptions } from "./command.ts";
import { loadReportScripts } from "./report-scripts.ts";

export function addReport(program: Command): void {
  program
    .command("report <folder>")
    .summary("make the page of a result folder again, from its report.json")
    .action(async (folder: string, options: CommonOptions) => {
      const terminal = terminalFor(options);
      const file = join(folder, "report.json");
      const report = parseReport(parseJson(await readFile(file, "utf8"), file), file);
      const { assets, warnings } = await readAssets(folder, report);
      for (const warning of warnings) terminal.log.warn(warning);
      const page = join(folder, "report.html");
      await writeFileAtomic(page, new TextEncoder().encode(renderReport(report, assets, await loadReportScripts())));
      terminal.out(`The report: ${resolve(page)}`);
    });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new FormatError(file, { whole: true }, `is no JSON: ${problem}`, "Run the scenario again");
  }
}
