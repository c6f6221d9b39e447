import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Dossier } from "../data/dossier.ts";
import type { StudyReport } from "../data/study.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { folderDigest } from "../io/folder-digest.ts";
import { renderDossier } from "../report/dossier-page.ts";
import { checkoutCommands } from "../report/provenance.ts";
import { readMade } from "../scenario/made.ts";
import { notModelledIn } from "../scenario/not-modelled.ts";
import { madeNow } from "../scenario/stopwatch.ts";
import { usedModels } from "../scenario/used-models.ts";
import { notModelledInKnee } from "../sim/knee/knee.ts";
import { planStudy, type StudyPlan } from "../study/plan.ts";
import { protocolOf } from "../study/protocol.ts";
import { readStudyReport } from "../study/read-study.ts";
import { interruptSignal, terminalFor, type CommonOptions } from "./command.ts";
import { findDataFolder } from "./data-folder.ts";
import { ownSoftware } from "./software.ts";
import { studyFile } from "./study-file.ts";
import type { Terminal } from "./terminal.ts";
import { notVerified, readVerification, runVerification, type Verification } from "./verification.ts";
import { packageRoot } from "./version.ts";

interface DossierOptions extends CommonOptions {
  readonly results?: string;
  readonly out?: string;
  /** False with --no-verification. */
  readonly verification?: string | boolean;
  readonly full?: boolean;
  readonly pdf?: boolean;
}

export function addDossier(program: Command): void {
  program
    .command("dossier <study>")
    .summary(
      "one document of a study: protocol, verification, results, limits, provenance; for a supervisor or a board",
    )
    .description(
      "Collects what a study was to do (its file and scenario, in words), every check of the self-test with its verdict, " +
        "the results, the limits and what is needed to make it all again, in one page that says plainly that simulation is " +
        "no clinical evidence. Parts that are missing are named as missing. The self-test takes some minutes; suites that " +
        "are finished are kept, so the same command goes on where it was stopped.",
    )
    .option("--results <folder>", "where the study's results lie; default reports/studies/<name>")
    .option("-o, --out <folder>", "where the dossier goes; default <results>/dossier")
    .option("--verification <file>", "what `sonobench verify --json` printed, instead of running the self-test now")
    .option("--no-verification", "leave the self-test out; the dossier then says of every check that it was not run")
    .option("--full", "the long statistics of the self-test too")
    .option("--pdf", "print it to dossier.pdf too, with the Chromium that is found (CHROME_PATH, the system's, npm's)")
    .option("--json", "print one object; everything else goes to stderr")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say more")
    .action(async (name: string, options: DossierOptions) => {
      const terminal = terminalFor(options);
      const file = studyFile(name);
      const plan = await planStudy(file);
      const results = resolve(options.results ?? join("reports", "studies", plan.study.name));
      const out = resolve(options.out ?? join(results, "dossier"));
      // Read before the self-test runs: a study that cannot be read is found out at once.
      const study = await readStudyReport(join(results, "study-report.json"), plan);
      await mkdir(out, { recursive: true });
      const verification = await verify(out, options, terminal);
      const dossier = await collect({ file, plan, results, study, verification, options });
      const page = join(out, "dossier.html");
      await writeFileAtomic(join(out, "timing.json"), `${JSON.stringify(dossier.made, null, 2)}\n`);
      await writeFileAtomic(page, renderDossier(dossier));
      const pdf = options.pdf ? join(out, "dossier.pdf") : undefined;
      if (pdf) {
        const { printPdf } = await import("./browser/print-pdf.ts");
        await printPdf(page, pdf, terminal.log);
      }
      for (const sentence of dossier.missing) terminal.err(`missing: ${sentence}`);
      if (options.json) terminal.out(JSON.stringify({ headline: {}, page, pdf, missing: dossier.missing }, null, 2));
      else terminal.out(`The dossier: ${page}${pdf ? `\nAs PDF: ${pdf}` : ""}`);
    });
}

async function verify(out: string, { verification, full }: DossierOptions, { log }: Terminal): Promise<Verification> {
  if (verification === false) return notVerified();
  if (typeof verification === "string") return readVerification(verification);
  const dataFolder = findDataFolder();
  const code = await folderDigest([join(import.meta.dirname, ".."), join(packageRoot(), "models")]);
  return runVerification({
    log,
    full: full === true,
    dataFolder,
    folder: join(out, "verification"),
    key: `${code} ${full === true ? "full" : "short"} ${dataFolder === undefined ? "without" : "with"} recordings`,
    signal: interruptSignal("stopping after this check; finished suites are kept"),
  });
}

interface Parts {
  readonly file: string;
  readonly plan: StudyPlan;
  readonly results: string;
  readonly study: StudyReport | null;
  readonly verification: Verification;
  readonly options: DossierOptions;
}

async function collect({ file, plan, results, study, verification, options }: Parts): Promise<Dossier> {
  const { name, question, about, seed, limits, base } = plan.study;
  const scenario = plan.scenarioOf({ variant: plan.reference, knee: 0, seed: 0 });
  const software = await ownSoftware();
  const basePath = resolve(dirname(file), base);
  return {
    name,
    question,
    about,
    seed,
    software,
    made: madeNow(),
    models: await usedModels(scenario),
    protocol: protocolOf(plan),
    ...verification,
    study,
    studyMade: study ? ((await readMade(results)) ?? null) : null,
    limits,
    notModelled: notModelledIn(scenario, scenario.source, notModelledInKnee),
    missing: missingParts(study, verification, software.code, name),
    files: await digests([file, basePath, ...inResults(results), ...givenFile(options)]),
    commands: commandsFor(file, software, options),
    texts: [
      { name: `The study: ${basename(file)}`, text: await readFile(file, "utf8") },
      { name: `The scenario that it varies: ${basename(basePath)}`, text: await readFile(basePath, "utf8") },
    ],
    configuration: scenario,
  };
}

function missingParts(
  study: StudyReport | null,
  { suites }: Verification,
  code: Dossier["software"]["code"],
  name: string,
): string[] {
  const checks = suites.flatMap(({ checks }) => checks);
  const notRun = checks.filter(({ row }) => row === null).length;
  return [
    ...(study ? [] : [`The results: they are made by: sonobench study ${name}.`]),
    ...(notRun > 0
      ? [`${notRun} of ${checks.length} checks of the self-test: leave --verification out to run them.`]
      : []),
    ...(code ? [] : ["The commit of the program: it does not run from a checkout."]),
    ...(code?.dirty ? ["A commit that holds the program as it ran: it has changes that are not committed."] : []),
  ];
}

const inResults = (results: string): string[] =>
  ["study.json", "study-report.json", "table.csv"].map((name) => join(results, name));
const givenFile = ({ verification }: DossierOptions): string[] =>
  typeof verification === "string" ? [verification] : [];

/** Of those that are there. */
async function digests(paths: readonly string[]): Promise<Dossier["files"]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(path).catch(() => undefined);
      return bytes && { name: basename(path), sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

function commandsFor(file: string, software: Dossier["software"], { full }: DossierOptions): string[] {
  const inside = resolve(file).startsWith(packageRoot());
  const study = inside ? basename(file, ".yaml") : basename(file);
  return [
    ...checkoutCommands(software),
    `npx sonobench study ${study}`,
    `npx sonobench verify ${full ? "--full " : ""}--json > verification.json`,
    `npx sonobench dossier ${study} --verification verification.json --pdf`,
  ];
}
