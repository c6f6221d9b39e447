import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { UnsuitableInputError } from "../core/errors.ts";
import type { StudyReport } from "../data/study.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { openCaseFiles, type CaseFiles } from "../study/case-files.ts";
import { casesOf, planStudy, type StudyPlan } from "../study/plan.ts";
import { predictStudy } from "../study/predict.ts";
import { inWords } from "../study/predict-time.ts";
import { collectStudy, statusOf, type Shard } from "../study/run-study.ts";
import { slurmScript } from "../study/slurm.ts";
import { writeStudy } from "../study/write-study.ts";
import { defaultWorkers, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { codeDigest } from "./stage-cache.ts";
import { runHere } from "./study-run.ts";
import { studyFile } from "./study-file.ts";
import type { Terminal } from "./terminal.ts";
import { ownSoftware } from "./software.ts";
import { packageRoot } from "./version.ts";

interface StudyOptions extends CommonOptions {
  readonly out?: string;
  readonly workers?: number;
  readonly cache?: boolean;
  readonly shard?: Shard;
  readonly on?: string;
  readonly tasks?: number;
  readonly timeLimit: string;
  readonly status?: boolean;
  readonly collect?: boolean;
  readonly redo?: boolean;
  readonly yes?: boolean;
}

/** More cases than this are not begun without --yes. */
const ASK_ABOVE_CASES = 150;

export function addStudy(program: Command): void {
  program
    .command("study <study>")
    .summary("a sweep over scenarios that answers one question; resumable, local or on a cluster")
    .description(
      "Runs a study file (YAML; the ones that ship are in scenarios/studies and can be given by name), one case for " +
        "every variant, knee and seed, and writes table, figures and a one-page answer. Stopped or killed, it goes on " +
        "where it was when the same command is given again. A case that fails stays in the table with its reason.",
    )
    .option("-o, --out <folder>", "where the results go; default reports/studies/<name>")
    .option("-j, --workers <n>", "worker threads; changes nothing but the time", parseCount)
    .option("--no-cache", "render every picture anew instead of reading those of an earlier run (.sonobench/)")
    .option(
      "--shard <i/n>",
      "run only every n-th case from the i-th (from 0), on any machine that shares the folder",
      parseShard,
    )
    .option("--on <cluster>", '"slurm": submit the shards as a job array instead of running them here')
    .option("--tasks <n>", "array tasks of --on slurm; default 16", parseCount)
    .option("--time-limit <hh:mm:ss>", "of one task of --on slurm", "04:00:00")
    .option("--status", "say how far the cases are; run nothing")
    .option("--collect", "make table and page of the cases that are there; run nothing")
    .option("--redo", "forget cases of another version of the code or of the study, and run them again")
    .option("-y, --yes", "begin a large study without asking")
    .option("--json", "print one object; everything else goes to stderr")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say more about each case")
    .action(async (name: string, options: StudyOptions) => {
      const terminal = terminalFor(options);
      const file = studyFile(name);
      const plan = await planStudy(file, { large: options.yes === true });
      const folder = resolve(options.out ?? join("reports", "studies", plan.study.name));
      const claim = { name: plan.study.name, key: plan.key, code: await codeDigest() };
      const files = await openCaseFiles(folder, claim, { redo: options.redo === true });
      if (options.status) return printStatus(terminal, plan, files, options);
      if (!options.collect) {
        await announce(terminal, plan, files, options);
        if (options.on !== undefined) return submit(terminal, file, folder, plan, options);
        await runHere(terminal, { file, folder, plan, files }, options);
        if (options.shard) return printStatus(terminal, plan, files, options);
      }
      const report = await collectStudy(plan, files, await ownSoftware());
      const page = await writeStudy(folder, plan, await files.all(), report);
      printAnswer(terminal, report, page, options.json === true);
    });
}

function parseShard(text: string): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const index = Number(match?.[1]),
    of = Number(match?.[2]);
  if (!match || of < 1 || index >= of)
    throw new UsageError(`--shard "${text}": expected i/n with i from 0 to n - 1, like 0/4`);
  return { index, of };
}

/** Says what is ahead, and refuses to begin what is long without being told to. */
async function announce(
  terminal: Terminal,
  plan: StudyPlan,
  files: CaseFiles,
  { yes, shard, workers, on }: StudyOptions,
): Promise<void> {
  if (shard) return;
  const cores = workers ?? defaultWorkers();
  const { cases, seconds, resultsMb, cacheGb } = predictStudy(plan, await files.all(), cores);
  const words =
    `${plan.study.name} has ${cases} cases to run: about ${inWords(seconds)} on ${cores} cores, ` +
    `${resultsMb < 10 ? resultsMb.toFixed(1) : resultsMb.toFixed(0)} MB of results, ` +
    `${cacheGb.toFixed(1)} GB of pictures (at most 12 are kept)`;
  if (yes || cases <= ASK_ABOVE_CASES || on !== undefined) return terminal.log.info(words);
  throw new UnsuitableInputError(
    words,
    "Add --yes to begin, --shard i/n or --on slurm to share it out, or take fewer values, knees or seeds",
  );
}

async function submit(
  terminal: Terminal,
  file: string,
  folder: string,
  plan: StudyPlan,
  options: StudyOptions,
): Promise<void> {
  if (options.on !== "slurm") throw new UsageError(`--on "${options.on}": there is "slurm"`);
  const tasks = Math.min(options.tasks ?? 16, casesOf(plan).length);
  const script = slurmScript({
    name: `sonobench-${plan.study.name}`,
    tasks,
    cpusPerTask: options.workers ?? 2,
    memoryGb: 4,
    timeLimit: timeLimit(options.timeLimit),
    folder,
    command: [
      process.execPath,
      join(packageRoot(), "dist", "cli", "main.js"),
      "study",
      resolve(file),
      "--out",
      folder,
      "--quiet",
    ],
  });
  const path = join(folder, "slurm.sh");
  await writeFileAtomic(path, script);
  terminal.err(script);
  const { stdout } = await promisify(execFile)("sbatch", [path]).catch((error: unknown) => {
    const why =
      error instanceof Error && "code" in error && error.code === "ENOENT"
        ? "sbatch is not installed here"
        : String(error);
    throw new UnsuitableInputError(
      `the job array was not submitted: ${why}`,
      `The script is in ${path}: run sbatch on it where Slurm is`,
    );
  });
  const submitted = stdout.trim();
  if (options.json) terminal.out(JSON.stringify({ headline: {}, submitted, script: path, tasks }, null, 2));
  else
    terminal.out(`${submitted}\nHow far it is: sonobench study ${file} --out ${folder} --status; the table: --collect`);
}

function timeLimit(text: string): string {
  if (/^(\d+-)?\d{1,3}:\d{2}:\d{2}$/.test(text)) return text;
  throw new UsageError(`--time-limit "${text}": expected hh:mm:ss`);
}

async function printStatus(
  terminal: Terminal,
  plan: StudyPlan,
  files: CaseFiles,
  { json }: StudyOptions,
): Promise<void> {
  const status = statusOf(plan, await files.all());
  if (json) return terminal.out(JSON.stringify({ headline: {}, ...status }, null, 2));
  terminal.out(
    `${plan.study.name}: ${status.finished} of ${status.cases} cases finished, ${status.failed} of them failed`,
  );
}

function printAnswer(terminal: Terminal, report: StudyReport, page: string, json: boolean): void {
  if (json) {
    const headline = Object.fromEntries(
      report.variants.flatMap(({ name, figures }) =>
        figures
          .filter(({ mean }) => mean !== null)
          .map(({ id, mean, interval, unit }) => [
            `${name}: ${id}`,
            { value: mean, low: interval?.[0] ?? mean, high: interval?.[1] ?? mean, unit },
          ]),
      ),
    );
    terminal.out(JSON.stringify({ headline, answer: report.answer, page: resolve(page) }, null, 2));
    return;
  }
  terminal.out(`\n${report.question}\n${report.answer}\n\nThe page: ${resolve(page)}`);
}
