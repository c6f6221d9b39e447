import { FormatError, Interrupted } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Software } from "../data/provenance.ts";
import type { CaseFigures, CaseId, CaseOutcome, CaseResult, StudyReport } from "../data/study.ts";
import type { Scenario, SimulatedSource } from "../scenario/schema.ts";
import type { CaseFiles } from "./case-files.ts";
import { enoughKnees, summariseStudy } from "./summarise-study.ts";
import { casesOf, type StudyPlan } from "./plan.ts";

/** Runs one case for its figures. What it throws, but for an interruption and a full disk, is the case's failure. */
export type RunCase = (scenario: Scenario & { readonly source: SimulatedSource }) => Promise<CaseFigures>;

export interface Shard {
  readonly index: number;
  readonly of: number;
}

/**
 * The cases of a shard. All variants of one knee and seed share pictures and are one shard's work, and neighbours go to
 * one shard, so that few shards build the same knee, as long as there are as many of these groups as shards; else single
 * cases are dealt out.
 */
export function casesOfShard(plan: StudyPlan, { index, of }: Shard): CaseId[] {
  const { knees, seedsPerKnee } = plan.study;
  const groups = knees * seedsPerKnee,
    variants = plan.variants.length;
  return casesOf(plan).filter(
    (_, i) => (groups >= of ? Math.floor((Math.floor(i / variants) * of) / groups) : i % of) === index,
  );
}

export interface StudyContext {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly runCase: RunCase;
  readonly shard?: Shard;
}

/**
 * Runs the cases that `files` does not hold yet, knee by knee, and ends early when the study's own rule says that the
 * knees which are whole are enough (a shard does not see the others' cases, and runs all of its own). Throws Interrupted
 * on an abort: every finished case is kept.
 */
export async function runCases(plan: StudyPlan, files: CaseFiles, context: StudyContext): Promise<void> {
  const { log, signal, shard } = context;
  const mine = shard ? casesOfShard(plan, shard) : casesOf(plan);
  const there = new Set((await files.all()).map(({ id }) => keyOf(id)));
  const open = mine.filter((id) => !there.has(keyOf(id)));
  const mayEndEarly = plan.study.stop !== undefined && shard === undefined;
  let knee: number | undefined;
  for (const [done, id] of open.entries()) {
    log.progress("cases", done, open.length);
    if (signal.aborted) throw stopped(done, open.length);
    if (mayEndEarly && id.knee !== knee && enoughKnees(plan, await files.all()) !== null) return;
    knee = id.knee;
    const outcome = await outcomeOf(() => context.runCase(plan.scenarioOf(id)));
    if (signal.aborted) throw stopped(done, open.length); // half a case is no case
    if (outcome.status === "failed") {
      log.warn(`variant "${plan.variants[id.variant]!.name}", knee ${id.knee}, seed ${id.seed}: ${outcome.reason}`);
    }
    await files.write(id, outcome);
  }
  log.progress("cases", open.length, open.length);
}

const keyOf = ({ variant, knee, seed }: CaseId): string => `${variant}/${knee}/${seed}`;

const stopped = (done: number, all: number): Interrupted =>
  new Interrupted(`stopped with ${all - done} cases left; the finished ones are kept: run the same command to go on`);

async function outcomeOf(run: () => ReturnType<RunCase>): Promise<CaseOutcome> {
  try {
    return { status: "measured", ...(await run()) };
  } catch (error) {
    // A full disk or a file that nobody may read fails every case alike, and is no finding about a variant.
    if (error instanceof Interrupted || error instanceof FormatError || isSystemError(error)) throw error;
    return { status: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;

/** Of what is there; the same bytes whoever ran the cases, and in whatever order. */
export const collectStudy = async (plan: StudyPlan, files: CaseFiles, software: Software): Promise<StudyReport> =>
  summariseStudy(plan, await files.all(), software);

/** How many cases there are and how many are finished, of them failed. */
export function statusOf(plan: StudyPlan, results: readonly CaseResult[]) {
  const cases = casesOf(plan).length;
  const failed = results.filter(({ outcome }) => outcome.status === "failed").length;
  return { cases, finished: results.length, failed, left: cases - results.length };
}
