import { Worker } from "node:worker_threads";
import { type PackedError, unpackError } from "./errors.ts";

/** A request to one task of a worker module, and the objects whose memory moves with it. */
export interface Job {
  readonly data: unknown;
  readonly transfer?: readonly ArrayBuffer[];
  /** A worker that has not answered by then is ended, and the job fails; it waits for ever when absent. */
  readonly timeoutS?: number;
}

/**
 * Runs jobs on worker threads. Answers come back in the order of the jobs, so a result never depends on which worker
 * was free first.
 */
export interface WorkerPool {
  /** How many jobs run at the same time: at least 1. */
  readonly size: number;
  /**
   * Sends each job to a worker that runs `module` (a URL made by `new URL("./x.worker.ts", import.meta.url)`, whose
   * module calls `serve` of core/worker-serve.ts). `onDone` is told after each job. The first failure rejects.
   */
  map<Answer>(module: URL, jobs: Iterable<Job>, onDone?: (answer: Answer, index: number) => void): Promise<Answer[]>;
  /** Ends the threads that have nothing to do, and with them the memory they hold; the next job starts new ones. */
  rest(): Promise<void>;
  /** Ends the threads. May be called twice. */
  close(): Promise<void>;
}

interface Slot {
  readonly worker: Worker;
  busy: boolean;
}

/** `new URL("./x.worker.ts", …)` names the source; in the compiled package the file beside it ends in `.js`. */
export function workerEntry(module: URL, compiled: boolean): URL {
  return compiled ? new URL(module.href.replace(/\.ts$/, ".js")) : module;
}

/** From the sources. On Node 20 `--import tsx` registers nothing in a worker, so the module is loaded through its API. */
function typescriptWorker(entry: URL): Worker {
  const file = JSON.stringify(entry.href);
  return new Worker(`import("tsx/esm/api").then(({ tsImport }) => tsImport(${file}, ${file}))`, { eval: true });
}

const compiled = import.meta.url.endsWith(".js");

export function createWorkerPool(size: number): WorkerPool {
  const idle = new Map<string, Slot[]>();
  let closed = false;

  function acquire(module: URL): Slot {
    const entry = workerEntry(module, compiled);
    const slots = idle.get(entry.href) ?? [];
    idle.set(entry.href, slots);
    const free = slots.find((slot) => !slot.busy);
    if (free) {
      free.busy = true;
      free.worker.ref();
      return free;
    }
    const worker = entry.pathname.endsWith(".ts") ? typescriptWorker(entry) : new Worker(entry);
    const slot: Slot = { worker, busy: true };
    slots.push(slot);
    worker.once("exit", () => discard(slot)); // one that ends while idle must not be given a job
    return slot;
  }

  function release(slot: Slot): void {
    slot.busy = false;
    slot.worker.unref(); // an idle pool does not keep the process alive
  }

  function discard(slot: Slot): void {
    for (const slots of idle.values()) {
      const at = slots.indexOf(slot);
      if (at >= 0) slots.splice(at, 1);
    }
    void slot.worker.terminate();
  }

  function send<Answer>(slot: Slot, job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        slot.worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        act();
      };
      const onMessage = (reply: { ok: true; answer: Answer } | { ok: false; error: PackedError }): void =>
        finish(() => {
          release(slot);
          if (reply.ok) resolve(reply.answer);
          else reject(unpackError(reply.error));
        });
      const onError = (error: Error): void =>
        finish(() => {
          discard(slot);
          reject(error);
        });
      const onExit = (code: number): void => onError(new Error(`a worker ended with code ${code}`));
      const { timeoutS } = job;
      const timer =
        timeoutS === undefined
          ? undefined
          : setTimeout(() => onError(new Error(`a worker did not answer within ${timeoutS} s`)), timeoutS * 1000);
      slot.worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      slot.worker.postMessage(job.data, job.transfer ? [...job.transfer] : []);
    });
  }

  return {
    size: Math.max(1, size),
    async map<Answer>(module: URL, jobs: Iterable<Job>, onDone?: (answer: Answer, index: number) => void) {
      if (closed) throw new Error("the worker pool is closed");
      const answers: Answer[] = [];
      const source = jobs[Symbol.iterator]();
      let next = 0,
        failed = false;
      const lane = async (): Promise<void> => {
        for (;;) {
          const { done, value } = source.next();
          if (done || failed) return;
          const index = next++;
          try {
            const answer = await send<Answer>(acquire(module), value);
            answers[index] = answer;
            onDone?.(answer, index);
          } catch (error) {
            failed = true;
            throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: Math.max(1, size) }, lane));
      return answers;
    },
    async rest() {
      const free = [...idle.values()].flatMap((slots) => slots.filter(({ busy }) => !busy));
      free.forEach(discard);
      await Promise.all(free.map(({ worker }) => worker.terminate()));
    },
    async close() {
      closed = true;
      const all = [...idle.values()].flat();
      idle.clear();
      await Promise.all(all.map((slot) => slot.worker.terminate()));
    },
  };
}
