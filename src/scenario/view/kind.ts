import { open } from "node:fs/promises";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ViewKind } from "../../data/view-page.ts";
import { DICOM_MAGIC_AT } from "../../io/dicom/open-dicom.ts";
import { openRaster } from "../../io/sequence/open-raster.ts";

const byEnding: readonly (readonly [RegExp, ViewKind])[] = [
  [/\.(stl|ply|obj|glb)$/i, "mesh"],
  [/\.(mcap|dcm|h5|igs\.mha|igs\.mhd|seq\.nrrd|seq\.nhdr|seq\.mha|seq\.mhd)$/i, "recording"],
];
const RASTER = /\.(nrrd|nhdr|mha|mhd)$/i;

export const VIEWABLE =
  "Give a result folder, a recording (.mcap, .igs.mha, .seq.nrrd, .dcm, .h5), a mesh (.stl, .ply, .obj, .glb) or a volume (.nrrd, .mha)";

/** By its name alone; undefined where the name does not decide. */
export const kindOfName = (name: string): ViewKind | undefined =>
  byEnding.find(([ending]) => ending.test(name))?.[1] ?? (RASTER.test(name) ? "volume" : undefined);

/**
 * What a file is: by its ending; a raster file by its header, since sequences and volumes share their endings; a DICOM
 * clip by its first bytes, since hospitals give them any name. Throws an UnsuitableInputError for anything else.
 */
export async function kindOfFile(path: string): Promise<ViewKind> {
  const named = kindOfName(path);
  if (named === "volume") return rasterKind(path);
  if (named) return named;
  if (await isDicom(path)) return "recording";
  throw new UnsuitableInputError(`${path}: this kind of file cannot be shown`, VIEWABLE);
}

async function rasterKind(path: string): Promise<ViewKind> {
  const raster = await openRaster(path, {});
  try {
    const { axes, frames } = raster.header;
    const listed = axes.some(({ kind, size }) => kind === "list" && size > 1);
    return listed || frames.frameCount > 1 ? "recording" : "volume";
  } finally {
    await raster.close();
  }
}

async function isDicom(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const head = new Uint8Array(DICOM_MAGIC_AT + 4);
    await file.read(head, 0, head.length, 0);
    return Buffer.from(head.subarray(DICOM_MAGIC_AT)).toString("latin1") === "DICM";
  } finally {
    await file.close();
  }
}
