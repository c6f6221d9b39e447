import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { FormatError } from "../core/errors.ts";
import type { FrameSample, Report } from "../data/report.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import type { ReportAssets, ReportFrame, ReportMesh } from "../report/assets.ts";
import { readMade } from "./made.ts";
import { rasFromLps } from "./result-folder.ts";

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
      meshes.push({
        bone,
        role,
        mesh: rasFromLps(mesh),
        ...(errorMm ? { errorMm } : {}),
        ...(reachable ? { reachable: Uint8Array.from(reachable) } : {}),
      });
    } catch (error) {
      warnings.push(`${path} is not shown: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const frames: ReportFrame[] = [];
  for (const sample of report.frames.samples) {
    try {
      frames.push(...(await readFrames(folder, [sample])));
    } catch (error) {
      warnings.push(`${sample.file} is not shown: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const made = await readMade(folder);
  return { assets: { meshes, frames, ...(made ? { made } : {}) }, warnings };
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
