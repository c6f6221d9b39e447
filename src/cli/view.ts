import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { UnsuitableInputError } from "../core/errors.ts";
import { readResultFolder } from "../scenario/view/folder.ts";
import { kindOfFile, VIEWABLE } from "../scenario/view/kind.ts";
import { startLocalServer } from "../web/local-server.ts";
import { interruptSignal, terminalFor, type CommonOptions } from "./command.ts";
import { numberWithin } from "./numbers.ts";
import { openBrowser } from "./open-browser.ts";
import { viewPages, type ViewTarget } from "./view-pages.ts";

interface ViewOptions extends CommonOptions {
  readonly open: boolean;
  readonly port: string;
}

export function addView(program: Command): void {
  program
    .command("view <path>")
    .summary("look at a result folder, a recording, a mesh or a volume in the browser")
    .description(
      "Shows a result folder (its report, volume, bones and recording), a recording (.mcap, .igs.mha, .seq.nrrd, .dcm: the " +
        "images as a clip, the tracked tools in 3D and their status), a mesh (.stl, .ply, .obj, .glb) or a volume (.nrrd, " +
        ".mha: three slices and the surface). The page is served to this computer alone and reads nothing outside of what " +
        "was named.",
    )
    .option("--port <number>", "to listen on; 0, the default, takes a free one", "0")
    .option("--no-open", "print the address, and open no browser")
    .option("--json", "print one object with the address, and open no browser")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say more")
    .addHelpText("after", "\nExit codes: 0 ended by Ctrl-C; 2 bad input.")
    .action(async (path: string, options: ViewOptions) => {
      const terminal = terminalFor(options);
      const target = await targetOf(resolve(path));
      const pages = await viewPages(target);
      const server = await startLocalServer({
        port: numberWithin("--port", options.port, 0, 65_535) ?? 0,
        answer: (request) => pages.answer(request),
        log: terminal.log,
      });
      if (options.json) terminal.out(JSON.stringify({ url: server.url, kind: target.kind, path: resolve(path) }));
      else terminal.out(`${basename(path)} is shown at ${server.url} (Ctrl-C ends it)`);
      if (options.open && !options.json) openBrowser(server.url);
      const signal = interruptSignal("the viewer ends");
      await new Promise<void>((ended) => signal.addEventListener("abort", () => ended(), { once: true }));
      await server.close();
      await pages.close();
    });
}

/** Throws before a server starts when there is nothing to look at. */
async function targetOf(path: string): Promise<ViewTarget> {
  const found = await stat(path);
  if (found.isFile()) {
    await kindOfFile(path);
    return { kind: "file", path };
  }
  const { report, parts } = await readResultFolder(path);
  if (report.status === "absent" && parts.length === 0)
    throw new UnsuitableInputError(`${path}: there is nothing in this folder that can be shown`, VIEWABLE);
  return { kind: "folder", folder: path };
}
