import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StudyReport } from "../../src/data/study.ts";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
const EXAMPLES = resolve(import.meta.dirname, "../../examples");
/** One stroke, small pictures: a second a case once its knee is built. */
const base = `name: tiny
source:
  kind: simulated
  phantom: { kind: parametric, gridSpacingMm: 2 }
  imaging: { widthPx: 128, heightPx: 128, rateHz: 4 }
  operator: { sweeps: [prepatellar transverse], speedMmPerS: 30 }
calibration: { kind: truth }
segmentation: { kind: classical }
`;
const study = (name: string, variants: string): string => `name: ${name}
question: which of these is best?
base: base.yaml
sweep: { kind: list, variants: [${variants}] }
knees: 1
seedsPerKnee: 1
seed: study/tiny
`;
const method = (name: string, segmentation: string): string =>
  `{ name: ${name}, set: { segmentation: ${segmentation} } }`;
const own = (name: string, more = ""): string => method(name, `{ kind: module, file: ${name}.mjs${more} }`);

/** Modules that do what a user's first try does. */
const modules = {
  hangs: "export const segment = () => { for (;;); }",
  infinite: "export const segment = ({ width }) => ({ ridgeRowPx: Array(width).fill(-Infinity) })",
  spies: `import { readdirSync } from "node:fs"; import { tmpdir } from "node:os";
    const truths = () => readdirSync(tmpdir(), { recursive: true }).filter((name) => /truth/.test(name));
    export const segment = (frame) => { throw new Error(Object.keys(frame).sort() + "; files of a truth: " + truths().length) }`,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-study-cli-"));
  await writeFile(join(folder, "base.yaml"), base);
  for (const [name, source] of Object.entries(modules)) await writeFile(join(folder, `${name}.mjs`), source);
  await cp(EXAMPLES, join(folder, "examples"), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sonobench(file: string, ...args: string[]) {
  const own = await mkdtemp(join(folder, "tmp-"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "study", file, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, TMPDIR: own },
  });
  return { status, stdout, stderr };
}
const write = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return name;
};
const reportOf = async (out: string): Promise<StudyReport> =>
  JSON.parse(await readFile(join(folder, out, "study-report.json"), "utf8")) as StudyReport;

test("methods of users run beside ours; one that throws, hangs, answers nonsense or spies is a failed case and stops nothing", async () => {
  const python = spawnSync("python3", ["-c", "import numpy"]).status === 0;
  const file = await write(
    "own.yaml",
    study(
      "own",
      [
        method("ours", "{ kind: classical }"),
        method("module", "{ kind: module, file: examples/my-segmentation/brightest-row.mjs }"),
        ...(python
          ? [method("python", '{ kind: program, command: [python3, "{0}"], files: [examples/python/segment.py] }')]
          : []),
        "{ name: pose, set: { pose: { kind: module, file: examples/my-pose/follow-the-bright.mjs } } }",
        own("hangs", ", timeoutS: 1"),
        own("infinite"),
        own("spies"),
        method("no program", "{ kind: program, command: [no-such-program-here] }"),
      ].join(", "),
    ),
  );
  const { status, stderr } = await sonobench(file, "--out", "own", "-j", "1", "-q");
  expect(stderr).toContain("-Infinity");
  expect(status).toBe(0);
  const { variants, answer } = await reportOf("own");
  const reasons = Object.fromEntries(variants.map(({ name, failed }) => [name, failed[0]?.reason]));
  expect(reasons).toMatchObject({
    ours: undefined,
    module: undefined,
    pose: undefined,
    hangs: expect.stringContaining("did not answer within 1 s"),
    infinite: expect.stringContaining("-Infinity"),
    spies: expect.stringContaining("height,pixelMm,pixels,width; files of a truth: 0"),
    "no program": expect.stringContaining("there is no program"),
  });
  if (python) expect(reasons["python"]).toBeUndefined();
  for (const { cases } of variants) expect(cases).toBe(1);
  expect(answer).toMatch(/"(ours|module|python|pose)" is best/);
});

test("a study's bad input is refused in a sentence, with exit code 2, and nothing is lost", async () => {
  const whole = await readFile(join(folder, "own/table.csv"), "utf8");

  const misspelt = await write("misspelt.yaml", study("misspelt", "{ name: fast, set: { source.imaging.ratHz: 3 } }"));
  const field = await sonobench(misspelt, "--out", "misspelt");
  expect(field.status).toBe(2);
  expect(field.stderr).toMatch(/misspelt\.yaml: variant "fast": .*source\.imaging.*ratHz/s);

  const million = await write(
    "million.yaml",
    study("million", "").replace(
      /sweep: .*\n/,
      `sweep: { kind: grid, over: [{ field: source.imaging.rateHz, values: [${Array.from({ length: 1000 }, (_, i) => i + 1).join(", ")}] }, { field: source.operator.speedMmPerS, values: [${Array.from({ length: 1000 }, (_, i) => i + 1).join(", ")}] }] }\n`,
    ),
  );
  const large = await sonobench(million, "--out", "million");
  expect(large.status).toBe(2);
  expect(large.stderr).toMatch(/asks for 1000000 cases: about \d+ (years|days) on \d+ cores and \d+\.\d GB.*--yes/s);

  const other = await write("other.yaml", study("other", "{ name: plain }"));
  const second = await sonobench(other, "--out", "own");
  expect(second.status).toBe(2);
  expect(second.stderr).toContain('holds the study "own"');

  const changed = await write("changed.yaml", study("own", "{ name: one }, { name: two }"));
  expect((await sonobench(changed, "--out", "own")).stderr).toContain("as the study or its base scenario was before");

  const claim = await readFile(join(folder, "own/study.json"), "utf8");
  await writeFile(join(folder, "own/study.json"), claim.replace(/"code": "./, '"code": "-'));
  const old = await sonobench("own.yaml", "--out", "own");
  expect(old.status).toBe(2);
  expect(old.stderr).toMatch(/another version of the code made.*--redo/s);
  await writeFile(join(folder, "own/study.json"), claim);

  const path = join(folder, "own/cases/v0-k0-s0.json"),
    text = await readFile(path, "utf8");
  await writeFile(path, text.slice(0, text.length / 2));
  expect((await sonobench("own.yaml", "--out", "own", "--status")).stdout).toMatch(/(\d+) of (\d+) cases finished/);
  expect((await sonobench("own.yaml", "--out", "own", "-j", "1", "-q")).status).toBe(0);
  expect(await readFile(path, "utf8")).toBe(text);
  expect(await readFile(join(folder, "own/table.csv"), "utf8")).toBe(whole);
});
