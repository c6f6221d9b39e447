import { join, resolve } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic.ts";
import { renderReport } from "../report/html.ts";
import { readAssets } from "../scenario/report-assets.ts";
import { terminalFor, type CommonOptions } from "./command.ts";
import { readReport } from "./read-report.ts";
import { loadReportScripts } from "./report-scripts.ts";

export function addReport(program: Command): void {
  program
    .command("report <folder>")
    .summary("make the page of a result folder again, from its report.json")
    .option("--pdf", "print it to report.pdf too, with the Chromium that is found (CHROME_PATH, the system's, npm's)")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say which browser prints")
    .action(async (folder: string, options: CommonOptions & { readonly pdf?: boolean }) => {
      const terminal = terminalFor(options);
      const report = await readReport(join(folder, "report.json"));
      const { assets, warnings } = await readAssets(folder, report);
      for (const warning of warnings) terminal.log.warn(warning);
      const page = join(folder, "report.html");
      await writeFileAtomic(page, new TextEncoder().encode(renderReport(report, assets, await loadReportScripts())));
      terminal.out(`The report: ${resolve(page)}`);
      if (!options.pdf) return;
      const pdf = join(folder, "report.pdf");
      // Loaded only when it is needed: it would make every command slower to start.
      const { printPdf } = await import("./browser/print-pdf.ts");
      await printPdf(page, pdf, terminal.log);
      terminal.out(`As PDF: ${resolve(pdf)}`);
    });
}
