import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { UnsuitableInputError } from "../core/errors.ts";
import type { ReportScripts } from "../report/html.ts";

/** Two folders below the package root, in the source (src/cli) as in the compiled package (dist/cli). */
const appFile = new URL("../../dist/viewer/report-app.js", import.meta.url);

async function readBundle(): Promise<string> {
  try {
    return await readFile(appFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UnsuitableInputError("the script of the report page is not built", "Run `npm run build` once");
  }
}

/** What renderReport puts into the page; read from the installed package, never from the network. */
export async function loadReportScripts(): Promise<ReportScripts> {
  const plotlyFile = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
  const [plotly, app] = await Promise.all([readFile(plotlyFile, "utf8"), readBundle()]);
  return { plotly, app };
}
