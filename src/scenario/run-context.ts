import type { Log } from "../core/log.ts";
import type { Software } from "../data/provenance.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { RenderPictures } from "./cached-pictures.ts";

/** What a run is given besides its scenario. */
export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  /** For the report: which program made it. */
  readonly software: Software;
  /** How simulated pictures are come by; rendered when absent. */
  readonly pictures?: RenderPictures;
}
