import { zipSync } from "fflate";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { Surface } from "../../data/surface.ts";
import { encodeMesh } from "../../io/mesh/write-mesh.ts";
import type { BlockSurface } from "../../pipeline/surface/block-surface.ts";
import { separateBones } from "../../pipeline/surface/separate.ts";
import { lpsFromRas } from "../result-folder.ts";

/** "zip": the sheet, and each bone by itself where the touched points tell them apart. */
export const exportFormats = ["stl", "ply", "glb", "zip"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportJob {
  readonly surface: BlockSurface;
  /** In the frame of the surface. */
  readonly points: readonly DigitisedPoint[];
  readonly format: ExportFormat;
}

/** Encoding a whole bone takes a while, so that it is done in a thread of its own. Files are in LPS, mm. */
export async function exportBone(job: ExportJob, workers: WorkerPool): Promise<Uint8Array> {
  const [bytes] = await workers.map<Uint8Array>(new URL("./export-bone.worker.ts", import.meta.url), [{ data: job }]);
  return bytes!;
}

export function encodeBone({ surface, points, format }: ExportJob): Uint8Array {
  const { mesh, observations, scatterMm } = surface;
  if (format !== "zip") return encodeOne(surface, format);
  const sheet: Surface = { bone: "bone", mesh, observations, uncertaintyMm: scatterMm, removed: [] };
  const separated = separateBones(sheet, points).filter(({ bone }) => bone !== "bone");
  return zipSync({
    "bone.stl": encodeOne(surface, "stl"),
    "bone.ply": encodeOne(surface, "ply"),
    ...Object.fromEntries(separated.map((part) => [`${part.bone}.stl`, encodeMesh(lpsFromRas(part.mesh), "stl")])),
  });
}

function encodeOne({ mesh, observations, scatterMm }: BlockSurface, format: Exclude<ExportFormat, "zip">): Uint8Array {
  const lps = lpsFromRas(mesh);
  if (format !== "ply") return encodeMesh(lps, format);
  return encodeMesh(lps, "ply", {
    vertexScalars: [
      { name: "observations", values: observations },
      { name: "scatter_mm", values: scatterMm },
    ],
  });
}
