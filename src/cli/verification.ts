import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FormatError, Interrupted } from "../core/errors.ts";
import type { DossierSuite } from "../data/dossier.ts";
import type { VerifyRow } from "../data/verification.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { allSuites } from "../verify/all.ts";
import type { CheckContext, Suite } from "../verify/check.ts";
import { runSuite } from "../verify/run-suite.ts";
import { parseJsonText } from "../core/json-text.ts";

const value = z.union([z.number(), z.string()]);
const rowSchema = z.strictObject({
  id: z.string().min(1).max(300),
  statement: z.string(),
  source: z.string(),
  expected: value,
  tolerance: value,
  // JSON has no word for a number that is none: such a measurement has failed.
  measured: z.union([value, z.null()]).transform((measured) => measured ?? "no number"),
  pass: z.union([z.boolean(), z.literal("skipped")]),
  details: z.array(z.string()).exactOptional(),
});
const rowsSchema = z.array(rowSchema).max(100_000);
const keptSchema = z.strictObject({ key: z.string(), finishedAt: z.string(), rows: rowsSchema });

/** A finished suite in the dossier's folder. */
interface Kept {
  readonly key: string;
  readonly finishedAt: string;
  readonly rows: readonly VerifyRow[];
}

/** Results of the self-test, told apart by this version's suites and checks. */
export interface Verification {
  readonly suites: readonly DossierSuite[];
  /** Of a file from elsewhere: rows that this version has no check for. */
  readonly unknownRows: readonly VerifyRow[];
}

function suiteFrom({ name, about, checks }: Suite, rows: readonly VerifyRow[], from: string): DossierSuite {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    name,
    about,
    from,
    checks: checks.map(({ id, statement, source }) => ({ id, statement, source, row: byId.get(id) ?? null })),
  };
}

/** All checks, none of them run. */
export const notVerified = (): Verification => ({
  suites: allSuites.map((suite) => suiteFrom(suite, [], "not run")),
  unknownRows: [],
});

/** What `sonobench verify --json` printed. Throws a FormatError that names file and field. */
export async function readVerification(file: string): Promise<Verification> {
  const rows = parseRows(await readFile(file, "utf8"), file);
  const known = new Set(allSuites.flatMap(({ checks }) => checks.map(({ id }) => id)));
  return {
    suites: allSuites.map((suite) => suiteFrom(suite, rows, "of the file that was given")),
    unknownRows: rows.filter(({ id }) => !known.has(id)),
  };
}

function parseRows(text: string, file: string): VerifyRow[] {
  const remedy = "Make it with `sonobench verify --json > file`";
  const parsed = rowsSchema.safeParse(parseJsonText(text, file, remedy, "]"));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  throw new FormatError(file, path ? { field: path } : { whole: true }, issue?.message ?? "holds no checks", remedy);
}

export interface RunOptions extends CheckContext {
  /** Where finished suites are kept, so that an interrupted verification goes on where it was. */
  readonly folder: string;
  /** Of everything that verdicts follow from: results under another key are run again. */
  readonly key: string;
  readonly signal: AbortSignal;
}

const STOPPED = "stopped; the suites that were finished are kept: run the same command to go on";

/** Runs every suite that `folder` holds no results of. Throws Interrupted on an abort: finished suites are kept. */
export async function runVerification({ folder, key, signal, ...context }: RunOptions): Promise<Verification> {
  const total = allSuites.reduce((n, { checks }) => n + checks.length, 0);
  const runAndKeep = async (suite: Suite, path: string, done: number): Promise<Kept> => {
    const rows: VerifyRow[] = [];
    for await (const row of runSuite(suite, context)) {
      if (signal.aborted) throw new Interrupted(STOPPED);
      rows.push(row);
      context.log.progress("verify", done + rows.length, total);
    }
    const kept = { key, finishedAt: new Date().toISOString(), rows };
    await writeFileAtomic(path, `${JSON.stringify(kept, null, 1)}\n`);
    return kept;
  };
  await mkdir(folder, { recursive: true });
  const suites: DossierSuite[] = [];
  let done = 0;
  for (const suite of allSuites) {
    const path = join(folder, `${suite.name}.json`);
    const kept = (await readKept(path, key)) ?? (await runAndKeep(suite, path, done));
    done += suite.checks.length;
    suites.push(suiteFrom(suite, kept.rows, `run ${kept.finishedAt.slice(0, 10)} by this version`));
  }
  return { suites, unknownRows: [] };
}

/** Undefined for results of another version, half a file, or none. */
async function readKept(path: string, key: string): Promise<Kept | undefined> {
  try {
    const kept = keptSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return kept.key === key ? kept : undefined;
  } catch {
    return undefined;
  }
}
