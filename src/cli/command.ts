import { availableParallelism } from "node:os";
import { createTerminal, type Terminal } from "./terminal.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** With --json, stdout holds one object and nothing else. */
export function terminalFor({ quiet = false, verbose = false }: CommonOptions): Terminal {
  return createTerminal({ quiet, verbose });
}

/** Ends the process with exit code 1: the job ran, and its result missed what was asked. */
export class MissedThreshold extends Error {
  override readonly name = "MissedThreshold";
}

export const defaultWorkers = (): number => Math.max(1, Math.min(8, availableParallelism()));

export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256) throw new UsageError(`expected 1 to 256, got "${text}"`);
  return value;
}

/** A wrong word on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** After Ctrl-C a run that does not end by itself within this time is ended: its files are whole or absent. */
const PATIENCE_MS = 5000;

/** Aborts on Ctrl-C, so that an acquisition closes its recording; a second Ctrl-C ends the process at once. */
export function interruptSignal(sentence = "stopping; what was recorded is kept"): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write(`\n${sentence} (Ctrl-C again ends at once)\n`);
    controller.abort();
    setTimeout(() => process.exit(130), PATIENCE_MS).unref();
  });
  return controller.signal;
}
