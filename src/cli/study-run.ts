import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Interrupted } from "../core/errors.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { scoreSimulated } from "../scenario/run.ts";
import type { RunContext } from "../scenario/run-context.ts";
import type { CaseFiles } from "../study/case-files.ts";
import type { StudyPlan } from "../study/plan.ts";
import { runCases, statusOf, type RunCase, type Shard } from "../study/run-study.ts";
import { enoughKnees } from "../study/summarise-study.ts";
import { defaultWorkers, interruptSignal } from "./command.ts";
import { ownSoftware } from "./software.ts";
import { stageCache } from "./stage-cache.ts";
import type { Terminal } from "./terminal.ts";

export interface RunOptions {
  readonly workers?: number;
  readonly cache?: boolean;
  readonly verbose?: boolean;
  readonly shard?: Shard;
}

export interface StudyToRun {
  readonly file: string;
  readonly folder: string;
  readonly plan: StudyPlan;
  readonly files: CaseFiles;
}

/** A case needs this much; more processes than fit would swap. */
const CASE_BYTES = 1.6 * 2 ** 30;
const LOOK_EVERY_MS = 500;

/**
 * Runs the cases that are left on the cores at hand: several processes with a shard each where there is memory for them
 * (most of a case runs on one core), else one whose threads share the pictures of a case.
 */
export async function runHere(terminal: Terminal, study: StudyToRun, options: RunOptions): Promise<void> {
  const workers = options.workers ?? defaultWorkers();
  const { knees, seedsPerKnee } = study.plan.study;
  const processes = Math.min(
    workers,
    knees * seedsPerKnee,
    Math.max(1, Math.floor(process.availableMemory() / CASE_BYTES)),
  );
  const signal = interruptSignal("stopping; every finished case is kept");
  if (process.connected) stopWithParent();
  if (processes === 1 || options.shard) return runInProcess(terminal, study, { ...options, workers }, signal);
  const threads = Math.max(1, Math.floor(workers / processes));
  await runInProcesses(terminal, study, { ...options, workers: threads }, processes, signal);
}

async function runInProcess(
  terminal: Terminal,
  { plan, files }: StudyToRun,
  { workers: threads, shard, ...options }: RunOptions & { readonly workers: number },
  signal: AbortSignal,
): Promise<void> {
  const workers = createWorkerPool(threads);
  const scratch = await mkdtemp(join(tmpdir(), "sonobench-study-"));
  try {
    // The bar counts cases: what a case says of itself is shown with --verbose only.
    const log = options.verbose ? terminal.log : { ...terminal.log, info: () => undefined, progress: () => undefined };
    const context: RunContext = { log, workers, signal, software: await ownSoftware(), ...(await stageCache(options)) };
    const runCase: RunCase = async (scenario) => {
      const folder = await mkdtemp(join(scratch, "case-"));
      try {
        return await scoreSimulated(scenario, scenario.source, folder, context, { oracle: plan.needsOracle });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    };
    await runCases(plan, files, { log: terminal.log, signal, runCase, ...(shard ? { shard } : {}) });
  } finally {
    await workers.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Each child is this program with a shard; it ends with its parent, however that ends, and what it finished is kept. */
async function runInProcesses(
  terminal: Terminal,
  { file, folder, plan, files }: StudyToRun,
  { workers, cache, verbose }: RunOptions & { readonly workers: number },
  processes: number,
  signal: AbortSignal,
): Promise<void> {
  const args = ["study", resolve(file), "--out", folder, "--workers", String(workers), verbose ? "-v" : "-q"];
  const children = Array.from({ length: processes }, (_, i) =>
    fork(process.argv[1]!, [...args, ...(cache === false ? ["--no-cache"] : []), "--shard", `${i}/${processes}`], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    }),
  );
  const ends = children.map(ended);
  let running = true;
  const all = Promise.all(ends).finally(() => (running = false));
  all.catch(() => undefined);
  const had = statusOf(plan, await files.all()).finished;
  while (running) {
    const results = await files.all();
    const { cases, finished } = statusOf(plan, results);
    if (finished < cases) terminal.log.progress("cases", finished - had, cases - had);
    if (signal.aborted || enoughKnees(plan, results) !== null) children.forEach(leave);
    await Promise.race([all.catch(() => undefined), wait(LOOK_EVERY_MS)]);
  }
  const { finished, left } = statusOf(plan, await files.all());
  if (signal.aborted) throw new Interrupted(`stopped with ${left} cases left; the finished ones are kept`);
  terminal.log.progress("cases", finished - had, finished - had);
  const codes = await all;
  if (left > 0 && enoughKnees(plan, await files.all()) === null) {
    throw new Error(`a process of the study ended with ${codes.join(", ")} and ${left} cases are left`);
  }
}

function leave(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}

const ended = (child: ChildProcess): Promise<number | string> =>
  new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", (code, killedBy) => done(code ?? killedBy ?? "nothing"));
  });

/** In a child of `runHere`: when its parent leaves it, or is killed, it stops as on Ctrl-C. */
function stopWithParent(): void {
  process.once("disconnect", () => process.emit("SIGINT"));
  process.channel?.unref();
}
