import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import { npyHead } from "../../src/io/npy.ts";
import { programSegmentation } from "../../src/scenario/program-segmentation.ts";

const WIDTH = 20,
  HEIGHT = 40,
  ROW = 25,
  PIXEL_MM = 0.5;
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-program-test-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Gray above, a bright row that goes one down a frame, black below. */
const frames: TrackedFrames = {
  count: 3,
  width: WIDTH,
  height: HEIGHT,
  sourceIndex: Uint32Array.of(0, 1, 2),
  timeS: Float64Array.of(0, 1, 2),
  referenceFromPixel: Float64Array.from({ length: 36 }, (_, i) => (i % 12 === 0 || i % 12 === 5 ? PIXEL_MM : 0)),
  dropped: {},
  read: async (frame) => ({
    width: WIDTH,
    height: HEIGHT,
    pixels: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      const below = Math.floor(i / WIDTH) - ROW - frame;
      return below === 0 ? 220 : below < 0 ? 60 : 0;
    }),
  }),
};
const context = {
  rng: createRng("m"),
  log: silentLog,
  workers: { size: 1, map: async () => [], rest: async () => undefined, close: async () => undefined },
};

let programs = 0;
/** A program in the one language that is surely here; it ends with what it does to `folder`. */
async function run(source: string, timeoutS = 20) {
  const file = join(folder, `program-${programs++}.cjs`);
  await writeFile(file, `const fs = require("node:fs"), folder = process.argv.at(-1);\n${source}`);
  return programSegmentation({ command: [process.execPath, "{0}"], files: [file], timeoutS }, frames, context);
}
const head = (shape: readonly number[]): string =>
  JSON.stringify(Buffer.from(npyHead(shape)).toString("latin1").replace("|u1", "<f4"));
const rows = (value: string, shape: readonly number[] = [3, WIDTH]): string =>
  `fs.writeFileSync(folder + "/rows.npy", Buffer.concat([Buffer.from(${head(shape)}, "latin1"), Buffer.from(new Float32Array(${shape[0]! * shape[1]!}).fill(${value}).buffer)]));`;

test("what a program leaves in its folder is the bone line of every frame", async () => {
  const { masks } = await run(rows("12.5"));
  expect(masks).toHaveLength(3);
  expect(masks[2]!.ridgeRowPx[7]).toBe(12.5);
});

test("a program finds the pictures, their pixels' size and their times in its folder, and nothing else", async () => {
  await expect(
    run(`const about = JSON.parse(fs.readFileSync(folder + "/frames.json")), npy = fs.readFileSync(folder + "/frames.npy");
    console.error([fs.readdirSync(folder), Object.keys(about).sort(), npy.length, npy.at(-1), npy.at(128 + ${WIDTH * ROW})]); process.exit(3)`),
  ).rejects.toThrow(/code 3/);
  await expect(
    run(
      `console.error(String([fs.readdirSync(folder), fs.readFileSync(folder + "/frames.npy").at(128 + ${WIDTH * ROW})])); process.exit(3)`,
    ),
  ).rejects.toThrow("ended with code 3: frames.json,frames.npy,220");
});

test.each([
  ["fails", "throw new Error('no idea')", /ended with code 1/],
  ["leaves nothing", "", /left no rows.npy/],
  ["leaves another shape", rows("1", [3, 7]), /rows.npy has the shape 3 × 7, expected 3 × 20/],
  ["leaves rows outside", rows("40"), /ridgeRowPx\[0\] is 40/],
  ["leaves infinity", rows("Infinity"), /Infinity/],
  ["leaves something else", `fs.writeFileSync(folder + "/rows.npy", "rows")`, /is no .npy file/],
  ["hangs", "for (;;);", /did not end within 0.5 s/],
])("a program that %s is a failure with its reason", async (_, source, reason) => {
  await expect(run(source, 0.5 + (source === "for (;;);" ? 0 : 20))).rejects.toThrow(reason);
});

test("a program that is not there is said so", async () => {
  const missing = { command: ["no-such-program-here"], files: [], timeoutS: 1 };
  await expect(programSegmentation(missing, frames, context)).rejects.toThrow(
    'there is no program "no-such-program-here"',
  );
});

const python = spawnSync("python3", ["-c", "import numpy"]).status === 0;
if (!python) console.warn("skipped: python3 with numpy is not here, so examples/python was not run");
test.skipIf(!python)("the Python example finds the bright row with numpy alone", async () => {
  const file = resolve(import.meta.dirname, "../../examples/python/segment.py");
  const { masks } = await programSegmentation(
    { command: ["python3", "{0}"], files: [file], timeoutS: 60 },
    frames,
    context,
  );
  expect(masks.map(({ ridgeRowPx }) => ridgeRowPx[5])).toEqual([ROW, ROW + 1, ROW + 2]);
});
