import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FolderPart, FolderReport, ViewedFolder } from "../../data/view-page.ts";
import { parseReportText } from "../../report/validate.ts";
import { kindOfName } from "./kind.ts";

/** Of a folder with thousands of files the first are listed. */
const MAX_PARTS = 200;
const MAX_REPORT_BYTES = 2 ** 27;
/** What a run leaves beside what its report names. */
const EXPECTED = ["volume.nrrd", "recording.mcap"];

/** What lies in a folder and one level below it; whatever is wrong with it is said, never thrown. */
export async function readResultFolder(folder: string): Promise<ViewedFolder> {
  const names = await listed(folder, "");
  const parts: FolderPart[] = [];
  for (const path of names.slice(0, MAX_PARTS)) {
    const kind = kindOfName(path);
    if (kind && !/(^|\/)\./.test(path)) parts.push({ path, kind, sizeBytes: (await stat(join(folder, path))).size });
  }
  const report = await readFolderReport(folder);
  const named =
    report.status === "read"
      ? [
          ...report.report.meshes.map(({ file }) => file),
          ...report.report.frames.samples.map(({ file }) => `frames/${file}`),
          ...(report.report.kind === "run" ? EXPECTED : EXPECTED.slice(0, 1)),
        ]
      : [];
  return { report, parts, missing: named.filter((file) => !names.includes(file)) };
}

async function listed(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => below + name);
  if (below) return names.sort();
  const inner: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")))
    inner.push(...(await listed(folder, `${name}/`).catch(() => [])));
  return [...names.sort(), ...inner];
}

async function readFolderReport(folder: string): Promise<FolderReport> {
  const path = join(folder, "report.json");
  try {
    const { size } = await stat(path);
    if (size > MAX_REPORT_BYTES)
      return { status: "broken", reason: `report.json has ${size} bytes; up to ${MAX_REPORT_BYTES} are read` };
    return { status: "read", report: parseReportText(await readFile(path, "utf8"), "report.json") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { status: "absent" };
    return { status: "broken", reason: error instanceof Error ? error.message : String(error) };
  }
}
