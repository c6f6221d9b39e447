import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Made } from "../data/provenance.ts";

const text = z.string().max(300);
/** Of timing.json, which holds more. */
const madeSchema = z.object({
  finishedAt: z.iso.datetime(),
  totalS: z.number().min(0).exactOptional(),
  host: z.object({
    cores: z.int().min(1),
    processor: text,
    memoryGb: z.number().min(0),
    node: text,
    system: text.exactOptional(),
  }),
});

/** When and where what lies in `folder` was made; undefined where timing.json is absent or not one of ours. */
export async function readMade(folder: string): Promise<Made | undefined> {
  try {
    return madeSchema.parse(JSON.parse(await readFile(join(folder, "timing.json"), "utf8")));
  } catch {
    return undefined;
  }
}
