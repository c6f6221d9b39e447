import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { z } from "zod";
import { FormatError } from "../../core/errors.ts";
import { checkSchema } from "../check-schema.ts";
import { readConfiguration } from "../run-recorded.ts";
import type { LiveCalibration } from "./live-source.ts";

const resultFile = z.object({ ImageToProbe: z.array(z.number()).length(16), imageLagS: z.number().default(0) });
const MAX_BYTES = 1 << 20;

const IMAGE = "Image";

/**
 * From a PLUS configuration, a `calib_matrix.csv`, or the `calibration.json` of a result folder. `lagS` stands above what
 * the file says.
 */
export async function readLiveCalibration(
  path: string | undefined,
  lagS: number | undefined,
): Promise<LiveCalibration | { readonly missing: string }> {
  if (path === undefined)
    return { missing: "nothing says how the image sits on the probe; start again with --config <file>" };
  const about = `calibration from ${basename(path)}`;
  if (extname(path).toLowerCase() === ".json") {
    const { ImageToProbe, imageLagS } = await readResult(path);
    const m = Float64Array.from(ImageToProbe.slice(0, 12));
    return { fixed: [{ from: IMAGE, to: "Probe", m }], imageName: IMAGE, imageLagS: lagS ?? imageLagS, about };
  }
  const { known } = await readConfiguration({ imageName: IMAGE, configuration: path });
  return { fixed: known ?? [], imageName: IMAGE, imageLagS: lagS ?? 0, about };
}

async function readResult(path: string): Promise<z.output<typeof resultFile>> {
  const remedy = "Give calibration.json of a result folder, a PLUS configuration, or a calib_matrix.csv";
  const handle = await open(path, "r");
  try {
    if ((await handle.stat()).size > MAX_BYTES) throw new FormatError(path, { whole: true }, "is too large", remedy);
    let json: unknown;
    try {
      json = JSON.parse(await handle.readFile("utf8"));
    } catch {
      throw new FormatError(path, { whole: true }, "is no JSON", remedy);
    }
    return checkSchema(resultFile, json, path, remedy);
  } finally {
    await handle.close();
  }
}
