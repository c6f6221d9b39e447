import type { WorkerPool } from "../core/worker-pool.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { segmentAll } from "../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { blaming, userModule, type UserModuleOptions } from "./user-module.ts";

/**
 * Bone in every frame by a module of the user's. It runs in worker threads and is handed single frames: it sees no truth
 * and no other frame. Throws an UnsuitableInputError, which in a study is a failed case, when it cannot be loaded, throws,
 * does not answer in time, or answers with anything else than a line of bone.
 */
export async function userSegmentation(
  options: UserModuleOptions,
  frames: TrackedFrames,
  context: StageContext,
): Promise<BoneMasks> {
  const module = await userModule(options);
  const workers = withTimeout(context.workers, options.timeoutS);
  return blaming(`segmentation module ${options.file}`, "See examples/my-segmentation for what it exports", () =>
    segmentAll(new URL("./user-segmentation.worker.ts", import.meta.url), frames, module, { ...context, workers }),
  );
}

const withTimeout = (workers: WorkerPool, timeoutS: number): WorkerPool => ({
  ...workers,
  map: (module, jobs, onDone) => workers.map(module, timed(jobs, timeoutS), onDone),
});

function* timed<T extends object>(jobs: Iterable<T>, timeoutS: number): Iterable<T & { readonly timeoutS: number }> {
  for (const job of jobs) yield { ...job, timeoutS };
}
