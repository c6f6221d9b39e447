import { mkdir } from "node:fs/promises";
import { dirname, extname, join, basename } from "node:path";
import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { loadScenario } from "../scenario/load.ts";
import { writeTruth } from "../scenario/result-folder.ts";
import { simulate } from "../scenario/simulate.ts";
import { writeSession } from "../scenario/session/write-session.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { ownSoftware } from "./software.ts";
import { stageCache } from "./stage-cache.ts";

interface SimulateOptions extends CommonOptions {
  readonly out: string;
  readonly workers?: number;
  readonly cache?: boolean;
  readonly force?: boolean;
}

export function addSimulate(program: Command): void {
  program
    .command("simulate <scenario>")
    .summary("only the acquisition: a recording, and the truth beside it")
    .requiredOption("-o, --out <file>", "the recording, a .mcap file; the truth goes to <file without .mcap>-truth/")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--no-cache", "render every picture anew instead of reading those of an earlier run (.sonobench/)")
    .option("--force", "replace a recording that is there already")
    .option("--json", "print one object")
    .option("-q, --quiet", "no progress")
    .action(async (file: string, options: SimulateOptions) => {
      const terminal = terminalFor(options);
      const scenario = await loadScenario(file);
      const { source } = scenario;
      if (source.kind === "recording") {
        throw new UsageError(`${file}: source.kind is "recording"; only a simulated source can be simulated`);
      }
      if (extname(options.out) !== ".mcap")
        throw new UsageError(`--out ${options.out}: expected a name that ends in .mcap`);
      await mkdir(dirname(options.out), { recursive: true });
      const workers = createWorkerPool(options.workers ?? defaultWorkers());
      try {
        const context = {
          log: terminal.log,
          workers,
          signal: interruptSignal(),
          overwrite: options.force === true,
          ...(await stageCache(options)),
        };
        if (source.kind === "session") {
          const written = await writeSession(source, scenario.seed, options.out, {
            ...context,
            software: await ownSoftware(),
          });
          if (options.json) terminal.out(JSON.stringify({ headline: {}, ...written }, null, 2));
          else terminal.out(`${written.recording}, ${written.configuration}; the truth is in ${written.truthFolder}`);
          return;
        }
        const { truth, geometry } = await simulate(scenario, source, options.out, context);
        const recording = await openMcap(options.out);
        const count = recording.images?.count ?? 0;
        const truthFolder = join(dirname(options.out), `${basename(options.out, ".mcap")}-truth`);
        await writeTruth(truthFolder, truth, geometry, recording.images?.acquiredAtS ?? new Float64Array());
        await recording.close();
        if (options.json) {
          const headline = { "frames.count": { value: count, low: count, high: count, unit: "1" } };
          terminal.out(JSON.stringify({ headline, recording: options.out, truth: truthFolder }, null, 2));
        } else {
          terminal.out(`${count} images in ${options.out}; the truth is in ${truthFolder}`);
        }
      } finally {
        await workers.close();
      }
    });
}
