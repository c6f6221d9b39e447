import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FormatError } from "../core/errors.ts";
import type { ShapeModel } from "../data/shape-model.ts";
import { decodeShapeModels } from "../io/shape-model-file.ts";

/** The shapes that ship with the package: models/shape/card.md. */
export const defaultShapeModels = fileURLToPath(new URL("../../models/shape/knee.shape", import.meta.url));

/** Packed; the shipped one has 2 MB. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

export async function loadShapeModels(path: string = defaultShapeModels): Promise<ShapeModel[]> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new FormatError(path, { whole: true }, `cannot be opened (${error.code})`, "Check completion.model");
  });
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) {
      throw new FormatError(path, { whole: true }, `is ${size} bytes large`, "Shape models of up to 64 MB are read");
    }
    return decodeShapeModels(await handle.readFile(), path);
  } finally {
    await handle.close();
  }
}
