import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import type { ViewedItem } from "../data/view-page.ts";
import { renderReport } from "../report/html.ts";
import { renderFolderPage } from "../report/view/folder-page.ts";
import { renderItemPage } from "../report/view/item-pages.ts";
import { renderProblem } from "../report/view/shell.ts";
import { viewPageStyle } from "../report/view/view-page-style.ts";
import { readAssets } from "../scenario/report-assets.ts";
import { readResultFolder } from "../scenario/view/folder.ts";
import { kindOfFile, VIEWABLE } from "../scenario/view/kind.ts";
import { openMeshView, type MeshView } from "../scenario/view/mesh.ts";
import { openRecordingView, type RecordingView } from "../scenario/view/recording.ts";
import { openVolumeView, type VolumeView } from "../scenario/view/volume.ts";
import { contentTypes, type Answer } from "../web/answer.ts";
import { confinedFile } from "../web/folder.ts";
import type { PageRequest } from "../web/local-server.ts";
import { loadReportScripts } from "./report-scripts.ts";

/** What is looked at: a whole folder, or one file of one. */
export type ViewTarget =
  { readonly kind: "folder"; readonly folder: string } | { readonly kind: "file"; readonly path: string };

export interface ViewPages {
  answer(request: PageRequest): Promise<Answer | undefined>;
  close(): Promise<void>;
}

type Opened = MeshView | VolumeView | RecordingView;

/**
 * The report page brings its scripts inside and says in its own head which may run, by their hashes; a browser obeys both
 * policies, so this one need not be narrower.
 */
const REPORT_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const html = (body: string, contentSecurityPolicy?: string): Answer => ({
  kind: "bytes",
  type: contentTypes.html,
  body,
  ...(contentSecurityPolicy ? { contentSecurityPolicy } : {}),
});
const binary = (body: Uint8Array): Answer => ({ kind: "bytes", type: contentTypes.bin, body });

async function readApp(): Promise<Uint8Array> {
  try {
    return await readFile(new URL("../../dist/viewer/view-app.js", import.meta.url));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UnsuitableInputError("the page of the viewer is not built", "Run `npm run build` once");
  }
}

/** Pages and data of a folder or a file. Nothing outside is read, whatever is asked for. */
export async function viewPages(target: ViewTarget): Promise<ViewPages> {
  const app = await readApp();
  const folder = target.kind === "folder" ? target.folder : dirname(target.path);
  const hasFolder = target.kind === "folder";
  const keeper = createKeeper();

  /** The file on the disk behind a path of a query; undefined when it must not or cannot be read. */
  async function fileOf(query: URLSearchParams): Promise<{ readonly path: string; readonly file: string } | undefined> {
    const path = query.get("path") ?? "";
    if (target.kind === "file" && path !== basename(target.path)) return undefined;
    const found = await confinedFile(folder, path);
    return found.kind === "file" ? { path, file: found.path } : undefined;
  }

  const pages: Readonly<Record<string, (query: URLSearchParams) => Promise<Answer | undefined>>> = {
    "/": async () =>
      target.kind === "file"
        ? itemPage(basename(target.path), target.path)
        : html(renderFolderPage(basename(folder), await readResultFolder(folder))),
    "/view.css": async () => ({ kind: "bytes", type: contentTypes.css, body: viewPageStyle }),
    "/view-app.js": async () => ({ kind: "bytes", type: contentTypes.js, body: app }),
    "/report": async () => (hasFolder ? reportPage(folder) : undefined),
    "/item": async (query) => {
      const found = await fileOf(query);
      return found
        ? itemPage(found.path, found.file)
        : html(renderProblem("No such part", "There is no such file in this folder.", "", hasFolder));
    },
    "/item.json": (query) => withOpened(query, ({ item }) => json(item)),
    "/mesh.bin": (query) => withOpened(query, (opened) => ("bytes" in opened ? binary(opened.bytes) : undefined)),
    "/slice.bin": (query) =>
      withOpened(query, (opened) =>
        "slice" in opened ? binary(opened.slice(axisOf(query), numberOf(query, "index"))) : undefined,
      ),
    "/surface.bin": (query) =>
      withOpened(query, (opened) =>
        "surface" in opened ? binary(opened.surface(numberOf(query, "level"))) : undefined,
      ),
    "/frame.bin": (query) =>
      withOpened(query, async (opened) =>
        "frame" in opened ? binary(await opened.frame(numberOf(query, "index"))) : undefined,
      ),
  };

  async function itemPage(path: string, file: string): Promise<Answer> {
    try {
      return html(renderItemPage(path, await kindOfFile(file), hasFolder));
    } catch (error) {
      return html(renderProblem(basename(path), reason(error), VIEWABLE, hasFolder));
    }
  }

  async function withOpened(
    query: URLSearchParams,
    use: (opened: Opened) => Answer | undefined | Promise<Answer | undefined>,
  ): Promise<Answer | undefined> {
    const found = await fileOf(query);
    if (!found) return undefined;
    try {
      return await use(await keeper.open(found.file));
    } catch (error) {
      return { kind: "refused", status: 400, reason: reason(error).replaceAll(found.file, found.path) };
    }
  }

  return {
    async answer({ path, query }) {
      return Object.hasOwn(pages, path) ? pages[path]!(query) : undefined;
    },
    close: () => keeper.close(),
  };
}

const json = (item: ViewedItem): Answer => ({ kind: "bytes", type: contentTypes.json, body: JSON.stringify(item) });

/** Of errors that a file can cause; a fault of the program stays one and is not told to a page. */
function reason(error: unknown): string {
  if (error instanceof FormatError || error instanceof UnsuitableInputError) return error.message;
  if (error instanceof Error && "code" in error) return `the file cannot be read (${String(error.code)})`;
  throw error;
}

const axisOf = (query: URLSearchParams): 0 | 1 | 2 => {
  const axis = numberOf(query, "axis");
  if (axis !== 0 && axis !== 1 && axis !== 2) throw new UnsuitableInputError(`axis ${axis}`, "Take 0, 1 or 2");
  return axis;
};

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UnsuitableInputError(`${name} is no number`, "Give one");
  return value;
}

async function reportPage(folder: string): Promise<Answer> {
  const { report } = await readResultFolder(folder);
  if (report.status !== "read")
    return html(
      renderProblem("Report", report.status === "broken" ? report.reason : "There is no report.json.", "", true),
    );
  try {
    const { assets } = await readAssets(folder, report.report);
    return html(renderReport(report.report, assets, await loadReportScripts()), REPORT_POLICY);
  } catch (error) {
    return html(renderProblem("Report", reason(error), "", true));
  }
}

/** Keeps one file open: what a person looks at. Another one takes its place, and its memory. */
function createKeeper(): { open(file: string): Promise<Opened>; close(): Promise<void> } {
  let now: { readonly file: string; readonly opened: Promise<Opened> } | undefined;
  const release = async (opened: Promise<Opened> | undefined): Promise<void> => {
    const before = await opened?.catch(() => undefined);
    if (before && "close" in before) await before.close();
  };
  return {
    async open(file) {
      if (now?.file !== file) {
        void release(now?.opened);
        const opened = openView(file);
        now = { file, opened };
        // A file that could not be read is looked at anew the next time: it may have been mended.
        opened.catch(() => {
          if (now?.opened === opened) now = undefined;
        });
      }
      return now.opened;
    },
    async close() {
      await release(now?.opened);
      now = undefined;
    },
  };
}

async function openView(file: string): Promise<Opened> {
  switch (await kindOfFile(file)) {
    case "mesh":
      return openMeshView(file);
    case "volume":
      return openVolumeView(file);
    case "recording":
      return openRecordingView(file);
  }
}
