import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openContentCache } from "../io/content-cache.ts";
import { folderDigest } from "../io/folder-digest.ts";
import { packageRoot } from "./version.ts";
import { cachedPictures, type RenderPictures } from "../scenario/cached-pictures.ts";

/** Beside the scenarios that are run: below the folder in which the command was given. */
export const cacheFolder = join(".sonobench", "pictures");
export const CACHE_BYTES = 12 * 2 ** 30;

/** Layers that pictures are made by: a change of any file there makes new ones. */
const layers = ["core", "geometry", "data", "sim"];

/** Simulated pictures that were made before are read again (`.sonobench/`), unless `--no-cache` says otherwise. */
export async function pictureCache({ cache = true }: { readonly cache?: boolean }): Promise<{
  readonly pictures?: RenderPictures;
}> {
  if (!cache) return {};
  const code = await folderDigest(layers.map((layer) => join(root, layer)));
  return { pictures: cachedPictures(openContentCache(cacheFolder, { maxBytes: CACHE_BYTES }), code) };
}

const root = fileURLToPath(new URL("../", import.meta.url));

/** Layers that the figures of a run follow from. */
const figureLayers = [...layers, "io", "pipeline", "metrics", "scenario"];

/** Of the code (and the shipped models) that the figures of a run follow from. */
export const codeDigest = (): Promise<string> =>
  folderDigest([...figureLayers.map((layer) => join(root, layer)), join(packageRoot(), "models")]);
