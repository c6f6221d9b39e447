import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { FormatError } from "../core/errors.ts";

/** What every card of a network says of it. */
export const weightsFields = {
  name: z.string().min(1).max(80),
  about: z.string().max(4000).default(""),
  weights: z.string().describe("the .onnx file, relative to the card"),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("of the weights; checked when it is given"),
};

export interface Weights {
  /** On shared memory: every worker reads the same bytes. */
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** The file that a card names. Throws a FormatError when it is absent, larger than `maxMb`, or not that of the card. */
export async function readWeights(
  cardPath: string,
  { weights, sha256: wanted }: { readonly weights: string; readonly sha256?: string | undefined },
  maxMb: number,
): Promise<Weights> {
  const path = resolve(dirname(cardPath), weights);
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new FormatError(cardPath, { field: "weights" }, `there is no ${path}`, "Put the .onnx file beside the card");
  });
  try {
    const { size: length } = await handle.stat();
    if (length > maxMb * 2 ** 20) {
      throw new FormatError(
        path,
        { whole: true },
        `is ${length} bytes large`,
        `Networks of up to ${maxMb} MB can be used`,
      );
    }
    const bytes = new Uint8Array(new SharedArrayBuffer(length));
    bytes.set(await handle.readFile());
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (wanted !== undefined && wanted !== sha256) {
      throw new FormatError(
        cardPath,
        { field: "sha256" },
        `the weights have ${sha256}`,
        "Get the file that the card is of",
      );
    }
    return { bytes, sha256 };
  } finally {
    await handle.close();
  }
}
