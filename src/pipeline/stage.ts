import type { Log } from "../core/log.ts";
import type { Rng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";

export interface StageContext {
  readonly rng: Rng;
  readonly log: Log;
  readonly workers: WorkerPool;
}

/** One arrow of the pipeline. Reads its input, leaves it as it was, and touches nothing but its context. */
export interface Stage<In, Out, Options> {
  readonly name: string;
  readonly defaults: Options;
  run(input: In, options: Options, context: StageContext): Promise<Out>;
}
