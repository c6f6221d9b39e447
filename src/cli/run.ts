import { join } from "node:path";
import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { renderReport } from "../report/html.ts";
import { loadScenario } from "../scenario/load.ts";
import { runRecorded } from "../scenario/run-recorded.ts";
import { runServed, runSimulated } from "../scenario/run.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { RunOutcome } from "../scenario/write-run.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { commandOf } from "./calibrate-session.ts";
import { checkThresholds } from "./thresholds.ts";
import { stageCache } from "./stage-cache.ts";
import { printOutcome } from "./print-outcome.ts";
import { loadReportScripts } from "./report-scripts.ts";
import { ownSoftware } from "./software.ts";

interface RunOptions extends CommonOptions {
  readonly out?: string;
  readonly recording?: string;
  readonly seed?: string;
  readonly workers?: number;
  readonly cache?: boolean;
  readonly failIf?: string[];
}

export function addRun(program: Command): void {
  program
    .command("run <scenario>")
    .summary("the main job: acquire, reconstruct, score, report")
    .description(
      "Runs a scenario file (YAML or JSON; every field is listed in scenarios/schema.json): simulates or opens the " +
        "recording, recovers poses, finds bone in the images, builds volume and surfaces, scores them where the truth " +
        "is known, and writes everything with a page to look at.",
    )
    .option("-o, --out <folder>", "where the results go; default reports/<name of the scenario>")
    .option(
      "--recording <file>",
      "score this .mcap recording of the scenario (from sonobench record) instead of its own",
    )
    .option("--seed <text>", "another seed than the scenario's")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--no-cache", "render every picture anew instead of reading those of an earlier run (.sonobench/)")
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "all.reachable.assd > 1.2"')
    .option("--json", "print one object with the headline figures; everything else goes to stderr")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say more about each stage")
    .action(async (file: string, options: RunOptions) => {
      const terminal = terminalFor(options);
      const scenario = withSeed(await loadScenario(file), options.seed);
      const scripts = await loadReportScripts();
      const folder = options.out ?? join("reports", scenario.name);
      const workers = createWorkerPool(options.workers ?? defaultWorkers());
      try {
        const context = {
          log: terminal.log,
          workers,
          signal: interruptSignal(),
          software: await ownSoftware(),
          ...(await stageCache(options)),
        };
        const { source } = scenario;
        if (source.kind === "session") {
          throw new UsageError(
            `${file} is a calibration session: use sonobench calibrate ${commandOf[source.session]} ${file}`,
          );
        }
        if (options.recording !== undefined && source.kind !== "simulated")
          throw new UsageError(`--recording needs a simulated scenario, whose truth is known; ${file} is none`);
        const outcome: RunOutcome =
          source.kind !== "simulated"
            ? await runRecorded(scenario, source, folder, context)
            : options.recording === undefined
              ? await runSimulated(scenario, source, folder, context)
              : await runServed(scenario, source, options.recording, folder, context);
        const page = join(folder, "report.html");
        await writeFileAtomic(page, new TextEncoder().encode(renderReport(outcome.report, outcome.assets, scripts)));
        printOutcome(terminal, outcome.report, folder, options.json === true);
        checkThresholds(outcome.report.headline, options.failIf ?? []);
      } finally {
        await workers.close();
      }
    });
}

function withSeed(scenario: Scenario, seed: string | undefined): Scenario {
  if (seed === undefined) return scenario;
  if (seed === "") throw new UsageError("--seed needs a text");
  return { ...scenario, seed };
}
