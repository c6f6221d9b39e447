import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { softwareOf } from "../../src/data/provenance.ts";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import { openCaseFiles } from "../../src/study/case-files.ts";
import { planStudy, type StudyPlan } from "../../src/study/plan.ts";
import { casesOfShard, collectStudy, runCases, type RunCase, type Shard } from "../../src/study/run-study.ts";
import { writeStudy } from "../../src/study/write-study.ts";

const SCENARIO = join(import.meta.dirname, "../../scenarios/knee-small.yaml");
const VARIANTS = `{ kind: list, variants: [{ name: plain }, { name: slow, set: { source.operator.speedMmPerS: 5 } }, { name: shaky, set: { source.operator.tremorMm: 2 } }] }`;

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-study-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function study(more = "", sweep = VARIANTS): Promise<StudyPlan> {
  const file = join(folder, "study.yaml");
  await writeFile(
    file,
    `name: test\nquestion: which hand is best?\nbase: ${SCENARIO}\nseed: test\nknees: 6\nseedsPerKnee: 2\nsweep: ${sweep}\n${more}`,
  );
  return planStudy(file);
}

const claim = ({ key, study: { name } }: StudyPlan, code = "c1") => ({ name, key, code });
const open = (plan: StudyPlan, name = "out", options = {}) => openCaseFiles(join(folder, name), claim(plan), options);

/** A bench whose figure is 1 mm + 0.5 for a shaky hand − 0.2 for a slow one, plus the knee's own share. */
const runCase: RunCase = async ({ seed, source: { operator, phantom } }) => {
  const knee = 0.1 * createRng(phantom.seed!).normal(),
    noise = 0.02 * createRng(seed).normal();
  const value = 1 + (operator.tremorMm > 1 ? 0.5 : 0) - (operator.speedMmPerS < 10 ? 0.2 : 0) + knee + noise;
  const headline = { "all.reachable.assd": { value, low: value - 0.1, high: value + 0.1, unit: "mm" } };
  return { headline, distances: [{ bone: "femur", mm: [-value, 0, value] }] };
};

const context = (over: { runCase?: RunCase; signal?: AbortSignal; shard?: Shard } = {}) => ({
  log: silentLog,
  signal: new AbortController().signal,
  runCase,
  ...over,
});

test("variants are compared on the same knees and seeds: a difference is found that knees would drown", async () => {
  const plan = await study();
  const files = await open(plan);
  await runCases(plan, files, context());
  const { variants, answer } = await collectStudy(plan, files, softwareOf("1"));
  const [plain, slow, shaky] = variants.map(({ figures }) => figures[0]!);
  expect(plain!.difference).toBeNull();
  expect(slow!.difference!.mean).toBeCloseTo(-0.2, 10);
  expect(shaky!.difference!.mean).toBeCloseTo(0.5, 10);
  expect(slow!.difference!.interval![1]).toBeLessThan(-0.19);
  expect(plain!.sdBetweenKnees!).toBeGreaterThan(0.04);
  expect(plain!.sdBetweenSeeds!).toBeLessThan(0.05);
  expect(answer).toContain('"slow" is best');
});

test("killed in the middle it goes on where it was, and shards in any order collect to the same bytes", async () => {
  const plan = await study();
  let runs = 0;
  const counting: RunCase = (scenario) => {
    runs++;
    return runCase(scenario);
  };
  const whole = await open(plan, "whole");
  await runCases(plan, whole, context({ runCase: counting }));
  expect(runs).toBe(36);
  const killed = await open(plan, "killed");
  let left = 10;
  const dying: RunCase = (scenario) => {
    if (left-- === 0) throw Object.assign(new Error("killed"), { code: "EKILL", syscall: "kill" });
    return counting(scenario);
  };
  await expect(runCases(plan, killed, context({ runCase: dying }))).rejects.toThrow("killed");
  await runCases(plan, await open(plan, "killed"), context({ runCase: counting }));
  expect(runs).toBe(72);
  const shared = await open(plan, "shared");
  for (const index of [2, 0, 3, 1]) await runCases(plan, shared, context({ shard: { index, of: 4 } }));
  const bytes = await Promise.all(
    (["whole", "killed", "shared"] as const).map(async (name) => {
      const files = await open(plan, name);
      const into = join(folder, name);
      await writeStudy(into, plan, await files.all(), await collectStudy(plan, files, softwareOf("1")));
      const names = ["study-report.json", "table.csv", "table.parquet", "samples.parquet", "study.html"];
      return Promise.all(names.map((file) => readFile(join(into, file))));
    }),
  );
  expect(bytes[1]).toEqual(bytes[0]);
  expect(bytes[2]).toEqual(bytes[0]);
});

test("a case that fails stays in the denominator with its reason, and stops nothing", async () => {
  const plan = await study();
  const files = await open(plan);
  const failing: RunCase = (scenario) =>
    scenario.source.operator.tremorMm > 1 ? Promise.reject(new Error("the probe fell down")) : runCase(scenario);
  await runCases(plan, files, context({ runCase: failing }));
  const { variants } = await collectStudy(plan, files, softwareOf("1"));
  expect(variants[2]).toMatchObject({ cases: 12, failed: [{ reason: "the probe fell down", count: 12 }] });
  expect(variants[2]!.figures[0]!.mean).toBeNull();
  expect(variants[0]!.figures[0]!.mean).toBeCloseTo(1, 0);
});

test("an aborted case is not kept as finished", async () => {
  const plan = await study();
  const files = await open(plan);
  const controller = new AbortController();
  let runs = 0;
  const aborting: RunCase = async (scenario) => {
    if (++runs === 3) {
      controller.abort();
      throw new Error("aborted");
    }
    return runCase(scenario);
  };
  await expect(runCases(plan, files, context({ runCase: aborting, signal: controller.signal }))).rejects.toThrow(
    "kept",
  );
  expect((await files.all()).length).toBe(2);
});

test("it ends early when every interval is narrow enough, and says so; a shard's extra knees change nothing", async () => {
  const plan = await study("stop: { halfWidth: 0.2, minKnees: 3 }");
  const files = await open(plan);
  await runCases(plan, files, context());
  const report = await collectStudy(plan, files, softwareOf("1"));
  expect(report.knees).toBeLessThan(6);
  expect(report.stopped).toContain(`After ${report.knees} of 6 knees`);
  const all = await open(plan, "all");
  await runCases(plan, all, context({ shard: { index: 0, of: 1 } }));
  expect(await collectStudy(plan, all, softwareOf("1"))).toEqual(report);
});

test("a half-written case is run again", async () => {
  const plan = await study();
  const files = await open(plan);
  await runCases(plan, files, context());
  const path = join(folder, "out", "cases", "v1-k2-s0.json");
  await writeFile(path, (await readFile(path)).subarray(0, 40));
  expect((await files.all()).length).toBe(35);
  await runCases(plan, files, context());
  expect((await files.all()).length).toBe(36);
});

test("a folder of another study, of another version of it, or of other code is refused with what to do", async () => {
  const plan = await study();
  await open(plan);
  const into = join(folder, "out");
  await expect(openCaseFiles(into, { ...claim(plan), name: "other" })).rejects.toThrow('holds the study "test"');
  await expect(openCaseFiles(into, { ...claim(plan), key: "k2" })).rejects.toThrow("--redo");
  await expect(openCaseFiles(into, claim(plan, "c2"))).rejects.toThrow("another version of the code");
  await expect(openCaseFiles(into, claim(plan, "c2"), { redo: true })).resolves.toBeDefined();
});

test("a sweep over a field that does not exist is refused before anything runs, with variant and field", async () => {
  const sweep = "{ kind: list, variants: [{ name: odd, set: { source.imaging.rateHertz: 3 } }] }";
  await expect(study("", sweep)).rejects.toThrow(/variant "odd".*rateHertz/);
  await expect(study("reference: nobody")).rejects.toThrow('reference: no variant is called "nobody"');
});

test.each([2, 5, 7, 12, 40])(
  "%i shards have every case once, and no more knees each than their share needs",
  async (of) => {
    const plan = await study();
    const shards = Array.from({ length: of }, (_, index) => casesOfShard(plan, { index, of }));
    const names = shards.flat().map(({ variant, knee, seed }) => `${variant}/${knee}/${seed}`);
    expect(names).toHaveLength(36);
    expect(new Set(names).size).toBe(36);
    if (of > 12) return;
    for (const shard of shards) {
      // Six knees of two seeds each: a run of n groups touches n / 2 knees, and one more where it starts within one.
      const groups = shard.length / plan.variants.length;
      expect(new Set(shard.map(({ knee }) => knee)).size).toBeLessThanOrEqual(Math.floor(groups / 2) + 1);
    }
  },
);
