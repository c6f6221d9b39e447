import { createHash } from "node:crypto";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Interrupted, UnsuitableInputError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import { writeShard } from "../../io/dataset-shard.ts";
import { writeJson } from "../result-folder.ts";
import { makeKnee, type Member, type Split } from "./knee-shard.ts";
import type { DatasetRecipe } from "./schema.ts";
import type { SweepRecipe } from "./sweeps-schema.ts";
import { aboutSweeps, makeSweeps } from "./sweeps.ts";

interface DatasetContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  readonly codeVersion: string;
}

export interface DatasetSummary {
  readonly folder: string;
  readonly knees: number;
  readonly frames: number;
  /** Knees that an earlier, interrupted run had already made. */
  readonly kept: number;
}

/** In the order in which they are made: each part grows in step, so that what there is can be used early. */
const membersOf = (split: { readonly [K in Split]?: number }): Member[] =>
  (["train", "validation", "test"] as const)
    .flatMap((name) => {
      const count = split[name] ?? 0;
      return Array.from({ length: count }, (_, index) => ({ split: name, index, at: (index + 0.5) / count }));
    })
    .sort((a, b) => a.at - b.at)
    .map(({ split, index }) => ({ split, index }));

/**
 * Writes one HDF5 file a knee into `folder/<split>/`, and `dataset.json` that says what they hold. Knees that are there
 * already are kept, so an interrupted run goes on where it was; a folder made by another recipe or another version of
 * the code is refused (UnsuitableInputError).
 */
export async function makeDataset(
  recipe: DatasetRecipe | SweepRecipe,
  folder: string,
  { log, workers, signal, codeVersion }: DatasetContext,
): Promise<DatasetSummary> {
  await mkdir(folder, { recursive: true });
  await claimFolder(recipe, folder, codeVersion);
  const members = membersOf(recipe.split);
  let kept = 0;
  for (const [done, member] of members.entries()) {
    log.progress("knees", done, members.length);
    if (signal.aborted) throw new Interrupted(`stopped after ${done} of ${members.length} knees; run again to go on`);
    const into = join(folder, member.split);
    const path = join(into, `knee-${String(member.index).padStart(4, "0")}.h5`);
    if (await exists(path)) {
      kept++;
      continue;
    }
    await mkdir(into, { recursive: true });
    const { arrays, attributes } = await makeMember(recipe, member, workers);
    await writeShard(path, arrays, attributes);
  }
  log.progress("knees", members.length, members.length);
  return { folder, knees: members.length, frames: members.length * framesPerKnee(recipe), kept };
}

const makeMember = (recipe: DatasetRecipe | SweepRecipe, member: Member, workers: WorkerPool) =>
  recipe.kind === "sweep-dataset"
    ? makeSweeps(recipe, member.split, member.index, workers)
    : makeKnee(recipe, member, workers);

const framesPerKnee = (recipe: DatasetRecipe | SweepRecipe): number =>
  recipe.kind === "sweep-dataset"
    ? recipe.sweepsPerKnee * recipe.framesPerSweep
    : recipe.settingsPerKnee * recipe.framesPerSetting;

const aboutLabels =
  "Simulated ultrasound of knees with labels, one HDF5 file a knee. frames: gray values [frame, row, column]; " +
  "ridge: row of the first bone below each column at its true depth, NaN where there is none; shown: the row at " +
  "which the scanner's speed of sound shows it; cosine: between " +
  "beam and bone's normal there; labels: index into the attribute `tissues`, + 128 in the shadow of bone, 127 " +
  "outside; poses: row-major 3x4 kneeFromImage, mm; settings: one row a frame, columns in the attribute " +
  "`settingNames`. Parts never share a knee.";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Writes `dataset.json`, or checks that the one that is there says the same. */
async function claimFolder(recipe: DatasetRecipe | SweepRecipe, folder: string, codeVersion: string): Promise<void> {
  const path = join(folder, "dataset.json");
  const key = createHash("sha256")
    .update(JSON.stringify([recipe, codeVersion]))
    .digest("hex");
  if (await exists(path)) {
    const there = JSON.parse(await readFile(path, "utf8")) as { key?: unknown };
    if (there.key === key) return;
    throw new UnsuitableInputError(
      `${folder} holds a dataset of another recipe or another version`,
      "Give another --out, or remove the folder",
    );
  }
  await writeJson(path, {
    about: recipe.kind === "sweep-dataset" ? aboutSweeps : aboutLabels,
    key,
    codeVersion,
    recipe,
  });
}
