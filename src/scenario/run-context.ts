import type { Log } from "../core/log.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { RenderPictures } from "./cached-pictures.ts";

/** What a run is given besides its scenario. */
export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  readonly version: string;
  /** How simulated pictures are come by; rendered when absent. */
  readonly pictures?: RenderPictures;
}
