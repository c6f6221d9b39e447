import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scoreTrajectories } from "../../src/cli/score-trajectories.ts";
import type { Recording } from "../../src/data/recording.ts";
import { writeSequence } from "../../src/io/sequence/write-sequence.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-python-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const COUNT = 12,
  SIDE = 10,
  SPEED_MM_PER_S = 20;
const timeS = Float64Array.from({ length: COUNT }, (_, i) => i / 10);

/** Ten images a second that all look alike: only the clock tells how far the probe has gone. */
const recording: Recording = {
  name: "scan",
  images: {
    width: SIDE,
    height: SIDE,
    pixelType: "u8",
    count: COUNT,
    acquiredAtS: timeS,
    receivedAtS: timeS,
    valid: new Uint8Array(COUNT).fill(1),
    read: async () => ({ width: SIDE, height: SIDE, pixels: new Uint8Array(SIDE * SIDE).fill(80) }),
  },
  poses: [],
  pairing: "by-index",
  points: [],
  sweeps: [],
  warnings: [],
  fields: {},
  close: async () => undefined,
};

const python = spawnSync("python3", ["-c", "import numpy"]).status === 0;
if (!python) console.warn("skipped: python3 with numpy is not here, so examples/python/trajectory.py was not run");
test.skipIf(!python)("pictures go to a Python program, and its trajectory comes back to the score", async () => {
  const scan = join(folder, "scan.igs.mha"),
    mine = join(folder, "mine.txt"),
    truth = join(folder, "truth.txt");
  await writeSequence(scan, recording);
  const program = resolve(import.meta.dirname, "../../examples/python/trajectory.py");
  const { status, stderr } = spawnSync("python3", [program, scan, mine, String(SPEED_MM_PER_S)], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  // In truth the hand was a quarter faster.
  const line = (t: number): string => `1 0 0 0 0 1 0 0 0 0 1 ${1.25 * SPEED_MM_PER_S * t}`;
  await writeFile(truth, [...timeS].map(line).join("\n"));
  const { headline } = await scoreTrajectories(mine, truth, { image: "10x10", spacing: "0.5" });
  expect(headline["trajectory.fdrPath"]!.value).toBeCloseTo(0.2, 6);
});
