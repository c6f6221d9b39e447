import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printPdf } from "../../src/cli/browser/print-pdf.ts";
import { loadReportScripts } from "../../src/cli/report-scripts.ts";
import { silentLog } from "../../src/core/log.ts";
import { renderCalibrationPage } from "../../src/report/calibration-page.ts";
import { compareReports } from "../../src/report/compare.ts";
import { renderComparison } from "../../src/report/compare-page.ts";
import { renderDossier } from "../../src/report/dossier-page.ts";
import { renderReport } from "../../src/report/html.ts";
import { renderStudy } from "../../src/report/study-page.ts";
import { startBrowser } from "../support/browser.ts";
import { syntheticCalibration } from "./synthetic-calibration.ts";
import { syntheticAssets, syntheticReport } from "./synthetic-report.ts";
import { syntheticDossier, syntheticStudy } from "./synthetic-study.ts";

const browser = await startBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(!browser)("every page kind in a real browser", () => {
  const report = syntheticReport();
  let folder: string;
  let pages: Readonly<Record<string, string>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sonobench-pages-"));
    pages = {
      run: renderReport(report, syntheticAssets(), await loadReportScripts()),
      study: renderStudy(syntheticStudy()),
      calibration: renderCalibrationPage(syntheticCalibration({ software: report.software })),
      comparison: renderComparison({
        first: { name: "a", report },
        others: [{ name: "b", report }],
        comparisons: [compareReports(report, report)],
      }),
      dossier: renderDossier(syntheticDossier()),
    };
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(["run", "study", "calibration", "comparison", "dossier"])(
    "the page of a %s has no fault that a checker of accessibility finds, light or dark, and nothing wider than a telephone",
    async (kind) => {
      const context = await browser!.newContext({ bypassCSP: true, viewport: { width: 400, height: 850 } });
      const page = await context.newPage();
      await page.setContent(pages[kind]!);
      if (kind === "run") await page.waitForSelector("html[data-ready]");
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wider).toBe(0);
      await page.evaluate(axe);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const violations = await page.evaluate(async () => {
          const { run } = (globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe;
          return (await run()).violations;
        });
        expect(violations.map(({ id, nodes }) => ({ id, colorScheme, first: nodes[0]?.html.slice(0, 160) }))).toEqual(
          [],
        );
      }
      await context.close();
    },
  );

  test("a page is printed to a PDF of A4 sheets with its pages numbered and its headings as an outline", async () => {
    const html = join(folder, "run.html"),
      pdf = join(folder, "run.pdf");
    await writeFile(html, pages["run"]!);
    await printPdf(html, pdf, silentLog);
    const bytes = (await readFile(pdf)).toString("latin1");
    expect(bytes.slice(0, 5)).toBe("%PDF-");
    expect(bytes).toMatch(/\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/);
    expect(bytes).toContain("/Outlines");
    expect(Number(/\/Type \/Pages[^>]*\/Count (\d+)|\/Count (\d+)/.exec(bytes)?.[1] ?? 3)).toBeGreaterThan(2);
  });

  test("a page that never gets ready is given up with a sentence", async () => {
    const html = join(folder, "never.html");
    await writeFile(html, "<!doctype html><title>t</title><script>1</script>");
    await expect(printPdf(html, join(folder, "never.pdf"), silentLog, 500)).rejects.toThrow(
      /was not ready to print after 1 s .*Open it in a browser and print it from there/,
    );
  });
});
