import { existsSync } from "node:fs";
import { chromium as playwright, type Browser } from "playwright-core";

/** WebGL is drawn by SwiftShader, in software; the other switches keep the browser off the network. */
const switches = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

/** A Chromium of the system, else the one that the package @sparticuz/chromium carries. */
async function executable(): Promise<string> {
  const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
  if (installed) return installed;
  const { default: packed } = await import("@sparticuz/chromium");
  return packed.executablePath();
}

/**
 * A headless Chromium, or undefined where none starts; then says why on the console, so that a skipped test is seen.
 * Whoever starts it closes it.
 */
export async function startBrowser(extraSwitches: readonly string[] = []): Promise<Browser | undefined> {
  try {
    return await playwright.launch({ executablePath: await executable(), args: [...switches, ...extraSwitches] });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    console.warn(`Browser tests are skipped: no Chromium starts here (${reason}).`);
    return undefined;
  }
}
