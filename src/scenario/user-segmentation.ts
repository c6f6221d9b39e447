import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { UnsuitableInputError } from "../core/errors.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { segmentAll } from "../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../pipeline/stage.ts";

export interface UserSegmentation {
  readonly file: string;
  /** Handed to the module as they are. */
  readonly options: unknown;
  /** For one frame, the module's first included. */
  readonly timeoutS: number;
}

/** What a worker needs to know of the module. */
export interface UserModule {
  readonly url: string;
  readonly options: unknown;
}

/**
 * Bone in every frame by a module of the user's. It runs in worker threads and is handed single frames: it sees no truth
 * and no other frame. Throws an UnsuitableInputError, which in a study is a failed case, when it cannot be loaded, throws,
 * does not answer in time, or answers with anything else than a line of bone.
 */
export async function userSegmentation(
  { file, options, timeoutS }: UserSegmentation,
  frames: TrackedFrames,
  context: StageContext,
): Promise<BoneMasks> {
  // A changed module is another module: Node would go on with the one that it has loaded.
  const version = createHash("sha256")
    .update(await readFile(file))
    .digest("hex")
    .slice(0, 16);
  const module: UserModule = { url: `${pathToFileURL(file).href}?${version}`, options };
  try {
    return await segmentAll(new URL("./user-segmentation.worker.ts", import.meta.url), frames, module, {
      ...context,
      workers: withTimeout(context.workers, timeoutS),
    });
  } catch (error) {
    if (error instanceof UnsuitableInputError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UnsuitableInputError(
      `segmentation module ${file}: ${why}`,
      "See examples/my-segmentation for what it exports",
    );
  }
}

const withTimeout = (workers: WorkerPool, timeoutS: number): WorkerPool => ({
  ...workers,
  map: (module, jobs, onDone) => workers.map(module, timed(jobs, timeoutS), onDone),
});

function* timed<T extends object>(jobs: Iterable<T>, timeoutS: number): Iterable<T & { readonly timeoutS: number }> {
  for (const job of jobs) yield { ...job, timeoutS };
}
