/**
 * Makes docs/pictures/report-page.png, report-page-dark.png and report-sheet.png (as printed): `npx tsx
 * docs/pictures/make/report.ts [result folder]`. Needs a result folder (`npm start` leaves reports/knee-tracked) and a
 * Chromium.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readReport } from "../../../src/cli/read-report.ts";
import { loadReportScripts } from "../../../src/cli/report-scripts.ts";
import { renderReport } from "../../../src/report/html.ts";
import { readAssets } from "../../../src/scenario/report-assets.ts";
import { startBrowser } from "../../../test/support/browser.ts";

async function main(): Promise<void> {
  const folder = process.argv[2] ?? "reports/knee-tracked";
  const report = await readReport(folder);
  const { assets } = await readAssets(folder, report);
  const scratch = await mkdtemp(join(tmpdir(), "report-picture-"));
  const browser = await startBrowser();
  if (!browser) return;
  try {
    const file = join(scratch, "report.html");
    await writeFile(file, renderReport(report, assets, await loadReportScripts()));
    const page = await browser.newPage({ viewport: { width: 1280, height: 1180 } });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("html[data-ready]");
    const save = async (name: string): Promise<void> => {
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: resolve(`docs/pictures/${name}.png`) });
    };
    await save("report-page");
    await page.emulateMedia({ colorScheme: "dark" });
    await save("report-page-dark");
    await page.emulateMedia({ media: "print", colorScheme: "light" });
    await page.setViewportSize({ width: 688, height: 960 });
    await save("report-sheet");
  } finally {
    await browser.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
