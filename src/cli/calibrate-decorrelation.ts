import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Figure } from "../data/report.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { calibrateDecorrelation } from "../scenario/calibrate-decorrelation.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { checkThresholds } from "./thresholds.ts";
import { ownSoftware } from "./software.ts";

interface DecorrelationOptions extends CommonOptions {
  readonly out?: string;
  readonly config?: string;
  readonly image: string;
  readonly reference: string;
  readonly range: string;
  readonly workers?: number;
  readonly failIf?: string[];
}

export function addCalibrateDecorrelation(group: Command): void {
  group
    .command("decorrelation <input...>")
    .summary("how speckle decorrelates out of the plane, for poses without a tracker")
    .description(
      "Measures the curves by depth from sweeps whose motion is known: scenarios with a simulated source (their true " +
        "poses, as a motor stage would know them), or tracked recordings. Definitions: docs/trackerless.md.",
    )
    .option("-o, --out <file>", "where the curves go (JSON), for pose.curves of a scenario")
    .option("-c, --config <xml>", "PLUS configuration of a recording")
    .option("--image <name>", "name of the image's frame in a recording", "Image")
    .option("--reference <tool>", "name of the body that stands still", "Reference")
    .option("--range <dB>", "dynamic range of the picture, from black to white", "60")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "decorrelation.scaleSd > 0.2"')
    .option("--json", "print one object")
    .option("-q, --quiet", "no progress")
    .action(async (paths: string[], options: DecorrelationOptions) => {
      const terminal = terminalFor(options);
      const dynamicRangeDb = Number(options.range);
      if (!(dynamicRangeDb >= 20 && dynamicRangeDb <= 120))
        throw new UsageError(`--range ${options.range}: 20 to 120 dB`);
      const workers = createWorkerPool(options.workers ?? defaultWorkers());
      try {
        const { image: imageName, reference: referenceName, config } = options;
        const { curves, patches, scales } = await calibrateDecorrelation(
          paths,
          { dynamicRangeDb, imageName, referenceName, ...(config === undefined ? {} : { configuration: config }) },
          { log: terminal.log, workers, signal: interruptSignal(), software: await ownSoftware() },
        );
        if (options.out !== undefined)
          await writeFileAtomic(options.out, `${JSON.stringify(rounded(curves), null, 1)}\n`);
        const exact = (value: number): Figure => ({ value, low: value, high: value, unit: "1" });
        const headline = {
          "decorrelation.patches": exact(patches),
          "decorrelation.scaleSd": exact(curves.scaleSd),
          ...Object.fromEntries(
            scales.map(({ sweep, scale }, i) => [`decorrelation.scale.${i}.${sweep}`, exact(scale)]),
          ),
        };
        if (options.json) terminal.out(JSON.stringify({ headline, result: curves }, null, 2));
        else
          for (const [id, { value }] of Object.entries(headline))
            terminal.out(`  ${id.padEnd(48)} ${value.toPrecision(4)}`);
        checkThresholds(headline, options.failIf ?? []);
      } finally {
        await workers.close();
      }
    });
}

const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, x: unknown) => (typeof x === "number" ? Number(x.toPrecision(5)) : x));
