#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { FormatError, Interrupted, UnsuitableInputError } from "../core/errors.ts";
import { MissedThreshold, UsageError } from "./command.ts";
import { packageVersion } from "./version.ts";

const program = new Command("sonobench")
  .description(
    "Make 3D models of the knee from ultrasound, on a simulated rig or a recording, and know how far off they are.",
  )
  .version(packageVersion())
  .showHelpAfterError("(add --help for the options)")
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    "after",
    `
Start here:
  sonobench run scenarios/knee-tracked.yaml       simulate, reconstruct, score; then open the report it names
  sonobench reconstruct sweep.igs.mha --config plus.xml   the same on a recording of yours
  sonobench verify                                see for yourself which statements of this bench hold here

Exit codes: 0 done; 1 ran, but a check or a --fail-if threshold was missed; 2 bad input;
3 a fault of SonoBench; 130 interrupted.`,
  )
  .exitOverride();

/** In the order of --help. A command loads what it needs and nothing of the others. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import("./run.ts")).addRun,
  simulate: async () => (await import("./simulate.ts")).addSimulate,
  reconstruct: async () => (await import("./reconstruct.ts")).addReconstruct,
  calibrate: async () => (await import("./calibrate.ts")).addCalibrate,
  score: async () => (await import("./score.ts")).addScore,
  verify: async () => (await import("./verify.ts")).addVerify,
  report: async () => (await import("./report.ts")).addReport,
  view: async () => (await import("./view.ts")).addView,
  serve: async () => (await import("./serve.ts")).addServe,
  record: async () => (await import("./record.ts")).addRecord,
  live: async () => (await import("./live.ts")).addLive,
  hardware: async () => (await import("./hardware.ts")).addHardware,
  fit: async () => (await import("./fit.ts")).addFit,
  phantom: async () => (await import("./phantom.ts")).addPhantom,
  convert: async () => (await import("./convert.ts")).addConvert,
  study: async () => (await import("./study.ts")).addStudy,
  compare: async () => (await import("./compare.ts")).addCompare,
  dossier: async () => (await import("./dossier.ts")).addDossier,
  dataset: async () => (await import("./dataset.ts")).addDataset,
  schema: async () => (await import("./schema.ts")).addSchema,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
};

const asked = Object.entries(commands).filter(([name]) => name === process.argv[2]);
for (const [, load] of asked.length > 0 ? asked : Object.entries(commands)) (await load())(program);

// A reader that has seen enough (`| head`) does not end the work: what is left to print goes nowhere.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Prints what went wrong and returns the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MissedThreshold) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return 130;
  }
  if (error instanceof FormatError || error instanceof UnsuitableInputError || error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
  if (error instanceof Error && "code" in error && "path" in error) {
    process.stderr.write(`error: ${String(error.path)}: ${fileProblem(String(error.code))}\n`);
    return 2;
  }
  process.stderr.write(
    `This is a fault of SonoBench, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return 3;
}

function fileProblem(code: string): string {
  switch (code) {
    case "ENOENT":
      return "there is no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "this is a folder; name a file in it";
    case "ENOTDIR":
      return "a part of the path is a file, not a folder";
    case "ENOSPC":
      return "the disk is full";
    default:
      return code;
  }
}
