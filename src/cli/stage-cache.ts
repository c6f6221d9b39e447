import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openContentCache } from "../io/content-cache.ts";
import { folderDigest } from "../io/folder-digest.ts";
import { packageRoot } from "./version.ts";
import { type CachedStages, cachedStages } from "../scenario/cached-stages.ts";

/** Beside the scenarios that are run: below the folder in which the command was given. */
export const cacheFolder = ".sonobench";
/** Of pictures, and beside them of what was found in them. */
const PICTURE_BYTES = 12 * 2 ** 30,
  FOUND_BYTES = 3 * 2 ** 30;
export const CACHE_BYTES = PICTURE_BYTES + FOUND_BYTES;

/** Layers that pictures are made by: a change of any file there makes new ones. */
const layers = ["core", "geometry", "data", "sim"];

/** What an earlier run made is read again (`.sonobench/`), unless `--no-cache` says otherwise. */
export async function stageCache({ cache = true }: { readonly cache?: boolean }): Promise<Partial<CachedStages>> {
  if (!cache) return {};
  const simulator = await folderDigest(layers.map((layer) => join(root, layer)));
  const open = (name: string, maxBytes: number) => openContentCache(join(cacheFolder, name), { maxBytes });
  const code = { simulator, figures: await codeDigest() };
  return cachedStages(open("pictures", PICTURE_BYTES), open("found", FOUND_BYTES), code);
}

const root = fileURLToPath(new URL("../", import.meta.url));

/** Layers that the figures of a run follow from. */
const figureLayers = [...layers, "io", "pipeline", "metrics", "scenario"];

/** Of the code (and the shipped models) that the figures of a run follow from. */
export const codeDigest = (): Promise<string> =>
  folderDigest([...figureLayers.map((layer) => join(root, layer)), join(packageRoot(), "models")]);
