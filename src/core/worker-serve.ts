import { parentPort } from "node:worker_threads";
import { packError } from "./errors.ts";

/** What a task gives back, and the memory that moves with it instead of being copied. */
export interface Reply<Answer> {
  readonly answer: Answer;
  readonly transfer?: readonly ArrayBuffer[];
}

/** The six lines of glue of every `x.worker.ts`: answers each message of core/worker-pool.ts with `task(data)`. */
export function serve<Data, Answer>(task: (data: Data) => Reply<Answer> | Promise<Reply<Answer>>): void {
  const port = parentPort;
  if (!port) throw new Error("a worker module was imported on the main thread");
  port.on("message", async (data: Data) => {
    try {
      const { answer, transfer } = await task(data);
      port.postMessage({ ok: true, answer }, transfer ? [...transfer] : []);
    } catch (error) {
      port.postMessage({ ok: false, error: packError(error) });
    }
  });
}
