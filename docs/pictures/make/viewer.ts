/** Pictures of the pages for docs/viewer.md. `npx tsx docs/pictures/make/viewer.ts <result folder>`, after a build. */
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { viewPages } from "../../../src/cli/view-pages.ts";
import { startLocalServer } from "../../../src/web/local-server.ts";
import { startBrowser } from "../../../test/support/browser.ts";

/** `only`: a part of the name of the pictures that are made; all of them without it. */
async function make(folder: string, only = ""): Promise<void> {
  const browser = await startBrowser();
  if (!browser) throw new Error("no Chromium starts here");
  const pages = await viewPages({ kind: "folder", folder });
  const server = await startLocalServer({ answer: (request) => pages.answer(request) });
  const take = async (path: string, name: string, before: (page: Page) => Promise<unknown>): Promise<void> => {
    if (!name.includes(only)) return;
    const page = await browser.newPage({ viewport: { width: 1180, height: 900 } });
    page.setDefaultTimeout(300_000);
    await page.goto(server.url + path);
    await page.waitForSelector("html[data-ready]");
    // The list of contents follows the reader, and would lie over the picture.
    await page.evaluate(() => document.querySelector("nav")?.remove());
    await before(page);
    await page.waitForTimeout(3000);
    const shown = page.locator(path === "report" ? "#view" : "main");
    await shown.screenshot({ path: resolve(import.meta.dirname, "..", name) });
    await page.close();
  };
  try {
    await take("report", "report-view.png", async (page) => {
      const canvas = page.locator("[data-stage] canvas");
      const box = (await canvas.boundingBox())!;
      await canvas.focus();
      for (const key of ["ArrowRight", "ArrowRight", "ArrowUp"]) await page.keyboard.press(key);
      await canvas.click({ position: { x: box.width * 0.5, y: box.height * 0.36 } });
    });
    await take("item?path=recording.mcap", "view-recording.png", (page) => page.locator("#time").fill("300"));
    await take("item?path=volume.nrrd", "view-volume.png", (page) =>
      page.waitForFunction(() => /triangles/.test(document.querySelector("[data-surface-says]")?.textContent ?? "")),
    );
  } finally {
    await browser.close();
    await server.close();
    await pages.close();
  }
}

async function main(): Promise<void> {
  const [folder, only] = process.argv.slice(2);
  if (folder) await make(resolve(folder), only);
  else console.error("Name a result folder, e.g. reports/knee-tracked");
}

void main();
