import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";

/** A Slurm that answers: `.ci/run` starts one on loopback; elsewhere one that is there is used, or none. */
const slurm = spawnSync("sinfo", ["-h"], { encoding: "utf8" });
const absent = slurm.error !== undefined || slurm.status !== 0;
if (absent)
  console.warn("skipped: no Slurm answers here (.ci/start-slurm starts one where Debian's slurm-wlm is installed)");

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
const TASKS = 2;
/** Two strokes, small pictures: some seconds a case. */
const base = `name: slurm
source:
  kind: simulated
  phantom: { kind: parametric, gridSpacingMm: 1.5 }
  imaging: { widthPx: 128, heightPx: 128, rateHz: 4 }
  operator: { sweeps: [prepatellar transverse], speedMmPerS: 20 }
calibration: { kind: truth }
segmentation: { kind: classical }
`;
const study = `name: slurm
question: do shards on a cluster make the same table?
base: base.yaml
sweep: { kind: list, variants: [{ name: duo }, { name: vega, set: { source.tracker: { kind: vega } } }] }
knees: 2
seedsPerKnee: 1
seed: study/slurm
figures: [{ id: all.reachable.assd }]
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-array-"));
  await writeFile(join(folder, "base.yaml"), base);
  await writeFile(join(folder, "study.yaml"), study);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sonobench = (...args: string[]): string =>
  execFileSync(process.execPath, [MAIN, "study", "study.yaml", ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const say = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8" });

/** States of the tasks that Slurm still has; none when the array is done. */
const tasksOf = (job: string): string[] =>
  say("squeue", "-h", "-r", "-j", job, "-o", "%i %T").split("\n").filter(Boolean);

async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 4000; i++) {
    if (await done()) return;
    await wait(250);
  }
  throw new Error(`waited in vain until ${what}`);
}

const cases = async (name: string): Promise<string[]> =>
  (await readdir(join(folder, name, "cases")).catch(() => [])).filter((file) => file.endsWith(".json"));

/** A result; of the page without the minute at which it was made, which is of timing.json and of nothing else. */
async function made(run: string, name: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, run, name));
  return name.endsWith(".html") ? Buffer.from(bytes.toString().replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "")) : bytes;
}

test.skipIf(absent)(
  "a study as a Slurm job array, one task killed and requeued, makes the table of a local run, byte for byte",
  async () => {
    const { submitted, script } = JSON.parse(
      sonobench("--out", "cluster", "--on", "slurm", "--tasks", String(TASKS), "--json"),
    ) as {
      submitted: string;
      script: string;
    };
    expect(await readFile(script, "utf8")).toContain(`#SBATCH --array=0-${TASKS - 1}`);
    const job = /(\d+)$/.exec(submitted)![1]!;

    // The first task that runs is killed as soon as one of its two cases is there, and put into the queue again.
    await until("a case is finished", async () => (await cases("cluster")).length > 0);
    const [running] = tasksOf(job).filter((line) => line.endsWith("RUNNING"));
    const victim = running?.split(" ")[0] ?? `${job}_0`;
    say("scancel", "--signal=KILL", "--full", victim);
    await until("the task is dead", () => !tasksOf(job).some((line) => line.startsWith(`${victim} RUNNING`)));
    spawnSync("scontrol", ["requeue", victim]);
    await until("the array is done", () => tasksOf(job).length === 0);

    expect(JSON.parse(sonobench("--out", "cluster", "--status", "--json"))).toMatchObject({
      cases: 4,
      finished: 4,
      left: 0,
    });
    sonobench("--out", "cluster", "--collect", "--quiet");
    sonobench("--out", "local", "--quiet");
    for (const name of ["table.csv", "table.parquet", "study-report.json", "study.html"]) {
      expect(await made("cluster", name), name).toEqual(await made("local", name));
    }
  },
  1_200_000,
);
