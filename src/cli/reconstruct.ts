import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { readVolume } from "../io/volume-file.ts";
import { renderReport } from "../report/html.ts";
import { runRecorded, type RecordedOptions } from "../scenario/run-recorded.ts";
import { parseScenario } from "../scenario/schema.ts";
import { compareVolumes } from "../metrics/volume-difference.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { printOutcome } from "./print-outcome.ts";
import { loadReportScripts } from "./report-scripts.ts";
import { checkThresholds } from "./thresholds.ts";
import { ownSoftware } from "./software.ts";

interface ReconstructOptions extends CommonOptions {
  readonly config?: string;
  readonly preset: string;
  readonly content?: string;
  readonly image: string;
  readonly reference: string;
  readonly spacing?: string;
  readonly pose?: string;
  readonly compareVolume?: string;
  readonly out?: string;
  readonly workers?: number;
  readonly failIf?: string[];
}

export function addReconstruct(program: Command): void {
  program
    .command("reconstruct <recording>")
    .summary("the pipeline on a recording without truth: volume, surface, report")
    .description(
      "Takes a tracked recording (.mcap, .igs.mha, .mha, .mhd, .nrrd), finds bone in each frame, inserts the bone " +
        "probability into a volume and extracts the bone surface. With --preset plus it makes the gray volume that the " +
        "PLUS toolkit would make from the same configuration, voxel for voxel.",
    )
    .option(
      "-c, --config <xml>",
      "PLUS configuration with the calibration (ImageToProbe) and, for --preset plus, the options",
    )
    .option(
      "--preset <name>",
      "best (ours), plus (bit-compatible with the PLUS toolkit) or slicer (SlicerIGT's defaults)",
      "best",
    )
    .option("--content <what>", "bone (default) or gray; the presets plus and slicer are always gray")
    .option("--image <name>", "name of the image's coordinate system", "Image")
    .option("--reference <name>", "the body or system in which the volume is wanted", "Reference")
    .option(
      "--pose <kind>",
      "tracked (default), or a method that does without: stand-still, constant-motion, in-plane, decorrelation, learned. " +
        "It is then scored against the recording's tracker",
    )
    .option("--spacing <mm>", "edge of a voxel, mm; default 0.5")
    .option(
      "--compare-volume <file>",
      "a volume that this one should equal: prints how many voxels differ and by how much",
    )
    .option("-o, --out <folder>", "default reports/<name of the recording>")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "volume.differingShare > 0.001"')
    .option("--json", "print one object with the headline figures")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say more about each stage")
    .action(async (recording: string, options: ReconstructOptions) => {
      const terminal = terminalFor(options);
      const recorded = recordedOptions(options);
      const name =
        basename(recording)
          .replace(/(\.igs|\.seq)?\.\w+$/, "")
          .replace(/[^\w.-]+/g, "-") || "recording";
      const scenario = parseScenario(
        {
          name,
          about: `sonobench reconstruct ${basename(recording)}`,
          source: {
            kind: "recording",
            file: resolve(recording),
            ...(options.config === undefined ? {} : { configuration: resolve(options.config) }),
            imageName: options.image,
            referenceName: options.reference,
          },
          calibration: { kind: "configuration" },
          ...(options.pose === undefined ? {} : { pose: { kind: options.pose } }),
          ...(options.spacing === undefined ? {} : { reconstruction: { spacingMm: Number(options.spacing) } }),
        },
        "the command line",
      );
      if (scenario.source.kind !== "recording") throw new Error("unreachable: the source is a recording");
      const scripts = await loadReportScripts();
      const folder = options.out ?? join("reports", name);
      const workers = createWorkerPool(options.workers ?? defaultWorkers());
      try {
        const context = { log: terminal.log, workers, signal: interruptSignal(), software: await ownSoftware() };
        const outcome = await runRecorded(scenario, scenario.source, folder, context, recorded);
        let { report } = outcome;
        if (options.compareVolume !== undefined) {
          const [made, expected] = await Promise.all([
            readVolume(join(folder, "volume.mha")),
            readVolume(options.compareVolume),
          ]);
          report = { ...report, headline: { ...report.headline, ...compareVolumes(made, expected) } };
        }
        const page = join(folder, "report.html");
        await writeFileAtomic(page, new TextEncoder().encode(renderReport(report, outcome.assets, scripts)));
        printOutcome(terminal, report, folder, options.json === true);
        checkThresholds(report.headline, options.failIf ?? []);
      } finally {
        await workers.close();
      }
    });
}

function recordedOptions({ preset, content, compareVolume }: ReconstructOptions): RecordedOptions {
  if (preset !== "best" && preset !== "plus" && preset !== "slicer")
    throw new UsageError(`--preset ${preset}: there are "best", "plus" and "slicer"`);
  const what = content ?? (preset === "best" ? "bone" : "gray");
  if (what !== "bone" && what !== "gray") throw new UsageError(`--content ${what}: there are "bone" and "gray"`);
  if (preset !== "best" && what === "bone")
    throw new UsageError(`--preset ${preset} makes a gray volume; leave --content out`);
  if (compareVolume !== undefined && what !== "gray") {
    throw new UsageError("--compare-volume compares gray volumes: add --content gray or --preset plus");
  }
  if (compareVolume !== undefined && extname(compareVolume) === "") {
    throw new UsageError(`--compare-volume ${compareVolume}: expected a .mha, .mhd or .nrrd file`);
  }
  return { preset, content: what };
}
