/**
 * Makes docs/pictures/dossier.png: `npx tsx docs/pictures/make/dossier.ts <dossier.html>`. The first sheets of a dossier
 * that `sonobench dossier` wrote, as they are printed.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { startBrowser } from "../../../test/support/browser.ts";

async function main(): Promise<void> {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("name the dossier.html of a study");
  const browser = await startBrowser();
  if (!browser) return;
  try {
    const page = await browser.newPage({ viewport: { width: 1180, height: 1500 } });
    await page.goto(pathToFileURL(resolve(file)).href);
    await page.screenshot({ path: resolve("docs/pictures/dossier.png") });
  } finally {
    await browser.close();
  }
}

await main();
