import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { npyHead, readNpy } from "../io/npy.ts";
import { checkFrame } from "../pipeline/segmentation/frame-check.ts";
import { pixelSize } from "../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { boneLineMask } from "./bone-line-mask.ts";
import { blaming } from "./user-module.ts";

export interface ProgramOptions {
  readonly command: readonly string[];
  /** Stand for {0}, {1} … in the command. */
  readonly files: readonly string[];
  readonly timeoutS: number;
}

/**
 * Bone in every frame by a program in any language. It is started once, with a new folder as its last argument that holds
 * `frames.npy` (frame, row, column; bytes) and `frames.json` (pixelMm, timeS), and nothing else: no pose, no truth. It
 * leaves `rows.npy` there (frame, column): the row of the bone's surface, NaN where there is none; and may leave
 * `confidence.npy`, 0 to 1. Throws an UnsuitableInputError, which in a study is a failed case, when it does not.
 */
export function programSegmentation(
  options: ProgramOptions,
  frames: TrackedFrames,
  { log }: StageContext,
): Promise<BoneMasks> {
  const command = options.command.map((word) =>
    word.replace(/\{(\d+)\}/g, (all, i: string) => options.files[Number(i)] ?? all),
  );
  return blaming(
    `segmentation program "${command.join(" ")}"`,
    "See examples/python for what it reads and writes",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "sonobench-program-"));
      try {
        await writeFrames(folder, frames);
        await execute([...command, folder], options.timeoutS);
        log.progress("segmentation", frames.count, frames.count);
        return { masks: await readMasks(folder, frames) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
}

async function writeFrames(folder: string, frames: TrackedFrames): Promise<void> {
  const { count, width, height, timeS } = frames;
  const file = await open(join(folder, "frames.npy"), "w");
  try {
    await file.write(npyHead([count, height, width]));
    for (let i = 0; i < count; i++)
      await file.write(checkFrame(await frames.read(i), frames, frames.sourceIndex[i]!).pixels);
  } finally {
    await file.close();
  }
  const about = { width, height, count, pixelMm: count > 0 ? pixelSize(frames, 0) : null, timeS: [...timeS] };
  await writeFile(join(folder, "frames.json"), JSON.stringify(about));
}

/** The end of what a program says of its failure; more is not kept. */
const KEPT_CHARACTERS = 2000;

/** No shell reads the command. Throws an Error when the program fails, or has not ended in time and was killed. */
function execute([program, ...words]: readonly string[], timeoutS: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "",
      late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeoutS * 1000);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(why));
    };
    child.stderr.on("data", (text: Buffer) => (said = `${said}${text.toString("utf8")}`.slice(-KEPT_CHARACTERS)));
    child.once("error", (error: NodeJS.ErrnoException) =>
      fail(error.code === "ENOENT" ? `there is no program "${program}"` : error.message),
    );
    child.once("close", (code, killedBy) => {
      clearTimeout(timer);
      if (late) return fail(`it did not end within ${timeoutS} s and was killed`);
      if (code === 0) return resolve();
      const last = said.trim().split("\n").at(-1);
      fail(`it ${killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`}${last ? `: ${last}` : ""}`);
    });
  });
}

async function readMasks(folder: string, frames: TrackedFrames): Promise<BoneMasks["masks"]> {
  const { count, width, height } = frames;
  const rows = await readTable(folder, "rows.npy", count, width);
  if (!rows) throw new Error("it left no rows.npy");
  const confidence = await readTable(folder, "confidence.npy", count, width);
  return Array.from({ length: count }, (_, i) => {
    const part = (all: Float64Array): Float64Array => all.subarray(i * width, (i + 1) * width);
    const answer = { ridgeRowPx: part(rows), ...(confidence ? { confidence: part(confidence) } : {}) };
    return boneLineMask(answer, width, height, pixelSize(frames, i));
  });
}

async function readTable(
  folder: string,
  name: string,
  count: number,
  width: number,
): Promise<Float64Array | undefined> {
  const bytes = await readFile(join(folder, name)).catch(() => undefined);
  if (!bytes) return undefined;
  const { shape, values } = readNpy(bytes, name);
  if (shape.length === 2 && shape[0] === count && shape[1] === width) return values;
  throw new Error(`${name} has the shape ${shape.join(" × ")}, expected ${count} × ${width}`);
}
