import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import { makeDataset } from "../scenario/dataset/dataset.ts";
import { parseRecipe } from "../scenario/dataset/schema.ts";
import { readYaml } from "../scenario/load.ts";
import { parseSweepRecipe } from "../scenario/dataset/sweeps-schema.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, type CommonOptions } from "./command.ts";
import { packageVersion } from "./version.ts";

interface DatasetOptions extends CommonOptions {
  readonly out: string;
  readonly workers?: number;
}

const isOfSweeps = (json: unknown): boolean =>
  typeof json === "object" && json !== null && "kind" in json && json.kind === "sweep-dataset";

export function addDataset(program: Command): void {
  program
    .command("dataset <recipe>")
    .summary("training data: simulated frames with labels of every pixel, or simulated sweeps with their true motion")
    .description(
      "Draws knees, scanners and probe poses from the ranges of the recipe (scenarios/datasets/bone.yaml, sweeps.yaml) and writes " +
        "one HDF5 file a knee. Interrupted, it goes on where it was when it is called again.",
    )
    .requiredOption("-o, --out <folder>", "where the dataset goes")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--json", "print one object")
    .option("-q, --quiet", "no progress")
    .action(async (file: string, options: DatasetOptions) => {
      const terminal = terminalFor(options);
      const json = await readYaml(file);
      const recipe = isOfSweeps(json) ? parseSweepRecipe(json, file) : parseRecipe(json, file);
      const workers = createWorkerPool(options.workers ?? defaultWorkers());
      try {
        const { folder, knees, frames, kept } = await makeDataset(recipe, options.out, {
          log: terminal.log,
          workers,
          signal: interruptSignal(),
          codeVersion: packageVersion(),
        });
        const headline = { "frames.count": { value: frames, low: frames, high: frames, unit: "1" } };
        terminal.out(
          options.json
            ? JSON.stringify({ headline, folder, knees, frames, kept }, null, 2)
            : `${frames} frames of ${knees} knees in ${folder}${kept > 0 ? ` (${kept} were there already)` : ""}`,
        );
      } finally {
        await workers.close();
      }
    });
}
