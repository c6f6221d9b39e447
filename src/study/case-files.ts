import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UnsuitableInputError } from "../core/errors.ts";
import type { CaseId, CaseOutcome, CaseResult } from "../data/study.ts";
import { writeFileAtomic } from "../io/atomic.ts";

const count = z.int().min(0);
const figure = z.strictObject({ value: z.number(), low: z.number(), high: z.number(), unit: z.string() });

const distances = z.array(z.strictObject({ bone: z.string(), mm: z.array(z.number()).max(1000) })).max(50);

const caseSchema = z.strictObject({
  key: z.string(),
  case: z.strictObject({ variant: count, knee: count, seed: count }),
  outcome: z.discriminatedUnion("status", [
    z.strictObject({ status: z.literal("measured"), headline: z.record(z.string(), figure), distances }),
    z.strictObject({ status: z.literal("failed"), reason: z.string() }),
  ]),
});

const claimSchema = z.object({ name: z.string(), key: z.string(), code: z.string() });

/** What a result folder belongs to: the study and the version of the code that made its cases. */
export interface Claim {
  readonly name: string;
  readonly key: string;
  readonly code: string;
}

/** One file a case, whole or absent; so a study goes on where it was, whoever ran which case. */
export interface CaseFiles {
  /** Undefined where the case is still to be run. */
  read(id: CaseId): Promise<CaseOutcome | undefined>;
  write(id: CaseId, outcome: CaseOutcome): Promise<void>;
  /** All that are there, in the order of knee, seed, variant. */
  all(): Promise<CaseResult[]>;
}

const nameOf = ({ variant, knee, seed }: CaseId): string => `v${variant}-k${knee}-s${seed}.json`;

/**
 * Opens a folder for the cases of a study and marks it as such. Throws UnsuitableInputError when it holds another study,
 * or cases of another version of the code; `redo` then removes them.
 */
export async function openCaseFiles(folder: string, claim: Claim, { redo = false } = {}): Promise<CaseFiles> {
  const cases = join(folder, "cases");
  await mkdir(cases, { recursive: true });
  await claimFolder(folder, cases, claim, redo);
  const key = `${claim.key} ${claim.code}`;
  return {
    read: async (id) => (await readCase(join(cases, nameOf(id)), key))?.outcome,
    write: (id, outcome) =>
      writeFileAtomic(join(cases, nameOf(id)), `${JSON.stringify({ key, case: id, outcome }, null, 1)}\n`),
    async all() {
      const names = (await readdir(cases)).filter((name) => name.endsWith(".json"));
      const found = await Promise.all(names.map((name) => readCase(join(cases, name), key)));
      return found
        .filter((entry) => entry !== undefined)
        .sort((a, b) => a.id.knee - b.id.knee || a.id.seed - b.id.seed || a.id.variant - b.id.variant);
    },
  };
}

async function claimFolder(folder: string, cases: string, claim: Claim, redo: boolean): Promise<void> {
  const path = join(folder, "study.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text !== undefined && !redo) {
    const there = claimSchema.safeParse(parseJson(text));
    if (!there.success)
      throw new UnsuitableInputError(`${path} is not readable`, "Give another --out, or --redo to begin anew");
    const { name, key, code } = there.data;
    if (name !== claim.name) {
      throw new UnsuitableInputError(`${folder} holds the study "${name}"`, "Give another --out");
    }
    if (key !== claim.key) {
      throw new UnsuitableInputError(
        `${folder} holds cases of "${name}" as the study or its base scenario was before`,
        "Give another --out, or --redo to begin anew",
      );
    }
    if (code !== claim.code) {
      throw new UnsuitableInputError(
        `${folder} holds cases that another version of the code made`,
        "Give another --out, or --redo to make them again",
      );
    }
    return;
  }
  if (redo) await rm(cases, { recursive: true, force: true });
  await mkdir(cases, { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(claim, null, 2)}\n`);
}

/** Undefined for a file that is half-written, of something else, or not there: the case is run again. */
async function readCase(path: string, key: string): Promise<CaseResult | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const read = caseSchema.safeParse(parseJson(text));
  if (!read.success || read.data.key !== key) return undefined;
  return { id: read.data.case, outcome: read.data.outcome };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
