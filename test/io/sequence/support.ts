import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createRng, type Rng } from "../../../src/core/rng.ts";

export { mha, nrrd, pick, randomRecording, snapshot, type MhaParts } from "../../../src/verify/io-samples.ts";

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

export async function forCasesAsync(
  count: number,
  name: string,
  property: (rng: Rng, seed: string) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const seed = `${name}/${i}`;
    try {
      await property(createRng(seed), seed);
    } catch (error) {
      throw new Error(`case ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

export const bytesOf = async (path: string): Promise<Uint8Array> => Uint8Array.from(await readFile(path));
