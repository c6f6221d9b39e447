import type { Log } from "../core/log.ts";
import type { WorkerPool } from "../core/worker-pool.ts";

/** What a run is given besides its scenario. */
export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  readonly version: string;
}
