import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import type { PrintedTruth } from "../data/printed-part.ts";
import { boneNames } from "../data/surface.ts";
import { checkPrintable, type PrintCheck } from "../geometry/printable.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import { encodeMarkups } from "../io/slicer/markups.ts";
import { plusConfigXml } from "../io/write-plus-config.ts";
import type { PrintedPart } from "../sim/printed/part.ts";
import { checkSchema } from "./check-schema.ts";
import { lpsFromRas, writeJson } from "./result-folder.ts";

const point = z.tuple([z.number(), z.number(), z.number()]);
const named = z.strictObject({ name: z.string().max(80), positionMm: point });
const truthFile = z.strictObject({
  kind: z.literal("printed-part"),
  about: z.string(),
  name: z.string(),
  bones: z
    .array(z.strictObject({ name: z.enum(boneNames), file: z.string().regex(/^[\w-]+\.stl$/) }))
    .min(1)
    .max(4),
  divots: z.array(named).min(3).max(100),
  landmarks: z.array(z.strictObject({ name: z.string(), bone: z.enum(boneNames), positionMm: point })).max(200),
  patterns: z.array(
    z.strictObject({
      type: z.literal("NWire"),
      wires: z.array(z.strictObject({ name: z.string(), frontMm: point, backMm: point })).length(3),
    }),
  ),
  cutsMm: z.tuple([z.number(), z.number()]),
});

const ABOUT =
  "Drawing of the printed part, in the frame Phantom (LPS as the knee lay, mm), which part.stl and plus-phantom.xml share. " +
  "Score a recording of the print with source.truth of a scenario (docs/print.md).";

/** `part.stl` to print, its truth (`truth.json` with a mesh a bone), divots for 3D Slicer, and the PLUS definition. */
export async function writePrintedPart(folder: string, { mesh, truth }: PrintedPart): Promise<PrintCheck> {
  await mkdir(folder, { recursive: true });
  const check = checkPrintable(mesh);
  await writeMesh(join(folder, "part.stl"), lpsFromRas(mesh));
  for (const { name, mesh: bone } of truth.bones) await writeMesh(join(folder, `${name}.stl`), bone);
  await writeJson(join(folder, "truth.json"), {
    kind: "printed-part",
    about: ABOUT,
    ...truth,
    bones: truth.bones.map(({ name }) => ({ name, file: `${name}.stl` })),
  });
  await writeFileAtomic(join(folder, "divots.mrk.json"), encodeMarkups(truth.divots));
  await writeFileAtomic(
    join(folder, "plus-phantom.xml"),
    plusConfigXml({ phantomName: truth.name, patterns: truth.patterns, landmarks: truth.divots, transforms: [] }),
  );
  return check;
}

/** Reads back what `phantom --print` wrote. Throws a FormatError that names the file and the field. */
export async function readPrintedTruth(path: string): Promise<PrintedTruth> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new FormatError(path, { whole: true }, (error as Error).message, "Give truth.json of `phantom --print`");
  }
  const { bones, name, divots, landmarks, patterns, cutsMm } = checkSchema(
    truthFile,
    json,
    path,
    "Give truth.json as `phantom --print` wrote it",
  );
  const meshes = await Promise.all(
    bones.map(async ({ name: bone, file }) => ({ name: bone, mesh: (await readMesh(join(dirname(path), file))).mesh })),
  );
  return { name, bones: meshes, divots, landmarks, patterns, cutsMm };
}
