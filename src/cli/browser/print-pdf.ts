import { pathToFileURL } from "node:url";
import { chromium as playwright, type Browser } from "playwright-core";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { writeFileAtomic } from "../../io/atomic.ts";
import { needChromium } from "./find-chromium.ts";

/** WebGL in software, so that the 3D view is on paper too; nothing that would call home. */
const switches = [
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

/** A page with a knee of 150,000 triangles in software WebGL takes some seconds; twice that on a busy machine, and more. */
export const PATIENCE_MS = 120_000;

/**
 * Prints a page of ours to PDF in a browser of its own: fresh profile, no network, nothing but the page's own file. Waits
 * for what its script draws. Throws an UnsuitableInputError that says what to do.
 */
export async function printPdf(page: string, pdf: string, log: Log, patienceMs = PATIENCE_MS): Promise<void> {
  const { path, found } = await needChromium("--pdf");
  log.debug("printing", { browser: path, found });
  const browser = await launch(path, log);
  try {
    await writeFileAtomic(pdf, await printed(browser, page, patienceMs));
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new UnsuitableInputError(
        `${page} was not ready to print after ${(patienceMs / 1000).toFixed(0)} s in ${path}`,
        "Open it in a browser and print it from there",
      );
    }
    throw error;
  } finally {
    await browser.close();
  }
}

/** In its sandbox where the system allows one; root and some containers do not. The page runs no code but its own. */
async function launch(executablePath: string, log: Log): Promise<Browser> {
  try {
    return await playwright.launch({ executablePath, args: switches, chromiumSandbox: true, timeout: PATIENCE_MS });
  } catch (error) {
    log.debug("no sandbox here", { reason: firstLine(error) });
  }
  try {
    return await playwright.launch({ executablePath, args: switches, chromiumSandbox: false, timeout: PATIENCE_MS });
  } catch (error) {
    throw new UnsuitableInputError(
      `${executablePath} does not start: ${firstLine(error)}`,
      "Set CHROME_PATH to another Chromium, or open the page in any browser and print it from there",
    );
  }
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!;

async function printed(browser: Browser, file: string, timeout: number): Promise<Uint8Array> {
  const url = pathToFileURL(file).href;
  const context = await browser.newContext({ offline: true, viewport: { width: 688, height: 1000 } });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  await page.route("**/*", (route) => (route.request().url() === url ? route.continue() : route.abort()));
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await page.goto(url, { waitUntil: "load", timeout });
  // Pages without a script are ready when they are loaded.
  await page.waitForFunction(() => !document.scripts.length || document.documentElement.dataset["ready"] === "true");
  await page.evaluate(() => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.pdf({ preferCSSPageSize: true, printBackground: true, tagged: true, outline: true });
}
