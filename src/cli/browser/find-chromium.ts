import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { UnsuitableInputError } from "../../core/errors.ts";

/** As they are called in the folders of PATH. */
const names = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "microsoft-edge",
  "msedge",
  "brave-browser",
].flatMap((name) => (process.platform === "win32" ? [`${name}.exe`] : [name]));

/** Where installers put it without telling PATH. */
const usual: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: [process.env["PROGRAMFILES"], process.env["PROGRAMFILES(X86)"], process.env["LOCALAPPDATA"]]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [
      join(folder, "Google", "Chrome", "Application", "chrome.exe"),
      join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
    ]),
};

export interface Chromium {
  readonly path: string;
  /** Where it comes from, in words. */
  readonly found: string;
}

/** CHROME_PATH, else one of this system, else one that playwright or npm brought. Undefined where there is none. */
export async function findChromium(environment: NodeJS.ProcessEnv = process.env): Promise<Chromium | undefined> {
  const { CHROME_PATH: named, PATH = "" } = environment;
  if (named) {
    if (existsSync(named)) return { path: named, found: "CHROME_PATH" };
    throw new UnsuitableInputError(`CHROME_PATH names ${named}, which is not there`, "Correct it or unset it");
  }
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  for (const path of [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...(usual[process.platform] ?? []),
  ]) {
    if (existsSync(path)) return { path, found: "of this system" };
  }
  const brought = playwright.executablePath();
  if (brought && existsSync(brought)) return { path: brought, found: "brought by playwright" };
  return packed();
}

/** Of the npm package @sparticuz/chromium, which a checkout has for its tests; it unpacks itself on its first use. */
async function packed(): Promise<Chromium | undefined> {
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    return { path: await chromium.executablePath(), found: "of the package @sparticuz/chromium" };
  } catch {
    return undefined;
  }
}

/** Throws an UnsuitableInputError that says what to do. */
export async function needChromium(forWhat: string): Promise<Chromium> {
  const found = await findChromium();
  if (found) return found;
  throw new UnsuitableInputError(
    `${forWhat} needs a Chromium, and none was found (PATH, the usual folders, CHROME_PATH, playwright, @sparticuz/chromium)`,
    "Install Chromium or Chrome, or set CHROME_PATH to one, or `npm install @sparticuz/chromium`; " +
      "or open the page in any browser and print it from there",
  );
}
