import { readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { FormatError } from "../core/errors.ts";
import type { FrameSample, Report } from "../data/report.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import type { ReportAssets, ReportFrame, ReportMesh, ReportScan } from "../report/assets.ts";
import { readMade } from "./made.ts";
import { parseScanTrack } from "../report/validate-scan.ts";
import { rasFromLps } from "./result-folder.ts";

/** Ours have below 1 MB. */
const MAX_SCAN_BYTES = 2 ** 26;

/** The pictures of the frames that a report shows. Only names inside `frames/` are followed. */
export async function readFrames(folder: string, samples: readonly FrameSample[]): Promise<ReportFrame[]> {
  return Promise.all(
    samples.map(async ({ file }) => ({ file, pngBytes: await readFile(join(folder, "frames", basename(file))) })),
  );
}

/**
 * What the page of a result folder shows besides report.json. A part that is missing is a warning and not on the page.
 * Throws a FormatError when the report names a file outside the folder.
 */
export async function readAssets(
  folder: string,
  report: Report,
): Promise<{ readonly assets: ReportAssets; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const meshes: ReportMesh[] = [];
  for (const { bone, role, file } of report.meshes) {
    const path = inside(folder, file);
    try {
      const { mesh, vertexScalars } = await readMesh(path);
      const errorMm = vertexScalars.get("error_mm");
      const reachable = vertexScalars.get("reachable");
      const observations = vertexScalars.get("observations"),
        sdMm = vertexScalars.get("sd_mm");
      meshes.push({
        bone,
        role,
        mesh: rasFromLps(mesh),
        ...(errorMm ? { errorMm } : {}),
        ...(observations ? { observations } : {}),
        ...(sdMm ? { sdMm } : {}),
        ...(reachable ? { reachable: Uint8Array.from(reachable) } : {}),
      });
    } catch (error) {
      warnings.push(notShown(file, error, folder));
    }
  }
  const frames: ReportFrame[] = [];
  for (const sample of report.frames.samples) {
    try {
      frames.push(...(await readFrames(folder, [sample])));
    } catch (error) {
      warnings.push(notShown(`frames/${sample.file}`, error, folder));
    }
  }
  const scan = await readScan(folder, warnings);
  const made = await readMade(folder);
  return {
    assets: { meshes, frames, ...(made ? { made } : {}), ...(scan ? { scan } : {}), missing: warnings },
    warnings,
  };
}

/** The way of the probe; absent in folders of older versions, and then the page has no slider through time. */
async function readScan(folder: string, warnings: string[]): Promise<ReportScan | undefined> {
  const path = join(folder, "scan.json");
  try {
    const { size } = await stat(path);
    if (size > MAX_SCAN_BYTES) throw new Error(`it has ${size} bytes; up to ${MAX_SCAN_BYTES} are read`);
    const track = parseScanTrack(await readFile(path, "utf8"), path);
    if (!track.film) return { track };
    return { track, filmPng: await readFile(join(folder, "frames", basename(track.film.file))) };
  } catch (error) {
    warnings.push(notShown("scan.json", error, folder));
    return undefined;
  }
}

/** The page is passed on: it says what is wrong with a file, and not where it lay. */
function notShown(file: string, error: unknown, folder: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const why = message.includes("ENOENT") ? "it is not there" : message.replaceAll(join(folder, file), "it");
  return `${file} is not shown: ${why}`;
}

function inside(folder: string, file: string): string {
  const path = resolve(folder, file);
  if (relative(folder, path).split(sep)[0] === "..") {
    throw new FormatError(
      join(folder, "report.json"),
      { field: "meshes.file" },
      `"${file}" lies outside the folder`,
      "Run the scenario again",
    );
  }
  return path;
}
