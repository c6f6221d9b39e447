import { createHash } from "node:crypto";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Interrupted, UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { compose, fromAxisAngle, type Rigid } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { ImageGeometry } from "../data/image.ts";
import { type ShardArray, writeShard } from "../io/dataset-shard.ts";
import { parametricPhantom } from "../sim/anatomy/phantom.ts";
import { buildKnee } from "../sim/knee/knee.ts";
import { typicalKnee } from "../sim/knee/parameters.ts";
import { layOnSkin, type SkinPath } from "../sim/operator/skin-path.ts";
import { clinicalSweeps } from "../sim/operator/sweep-plan.ts";
import { imageGeometry, type ImageSettings, type ProbeName, probes } from "../sim/probe/probe.ts";
import { renderFrames } from "../sim/probe/render.ts";
import { type Scene, skinOf } from "../sim/scene.ts";
import { pixelLabels, ridgeCosines, shownRidge } from "../sim/truth/pixel-labels.ts";
import type { DatasetRecipe } from "./dataset-schema.ts";
import { writeJson } from "./result-folder.ts";

export type Split = "train" | "validation" | "test";

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

/** One knee's place in the dataset. */
interface Member {
  readonly split: Split;
  readonly index: number;
}

const membersOf = ({ split }: DatasetRecipe): Member[] =>
  (["train", "validation", "test"] as const).flatMap((name) =>
    Array.from({ length: split[name] }, (_, index) => ({ split: name, index })),
  );

/**
 * Writes one HDF5 file a knee into `folder/<split>/`, and `dataset.json` that says what they hold. Knees that are there
 * already are kept, so an interrupted run goes on where it was; a folder made by another recipe or another version of
 * the code is refused (UnsuitableInputError).
 */
export async function makeDataset(
  recipe: DatasetRecipe,
  folder: string,
  { log, workers, signal, codeVersion }: DatasetContext,
): Promise<DatasetSummary> {
  await mkdir(folder, { recursive: true });
  await claimFolder(recipe, folder, codeVersion);
  const members = membersOf(recipe);
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
    const { arrays, attributes } = await makeKnee(recipe, member, workers);
    await writeShard(path, arrays, attributes);
  }
  log.progress("knees", members.length, members.length);
  const perKnee = recipe.settingsPerKnee * recipe.framesPerSetting;
  return { folder, knees: members.length, frames: members.length * perKnee, kept };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Writes `dataset.json`, or checks that the one that is there says the same. */
async function claimFolder(recipe: DatasetRecipe, folder: string, codeVersion: string): Promise<void> {
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
    about:
      "Simulated ultrasound of knees with labels, one HDF5 file a knee. frames: gray values [frame, row, column]; " +
      "ridge: row of the first bone below each column at its true depth, NaN where there is none; shown: the row at " +
      "which the scanner's speed of sound shows it; cosine: between " +
      "beam and bone's normal there; labels: index into the attribute `tissues`, + 128 in the shadow of bone, 127 " +
      "outside; poses: row-major 3x4 kneeFromImage, mm; settings: one row a frame, columns in the attribute " +
      "`settingNames`. Parts never share a knee.",
    key,
    codeVersion,
    recipe,
  });
}

const DEG = Math.PI / 180;
const between = ([low, high]: readonly [number, number], rng: Rng): number => low + (high - low) * rng.uniform();

async function makeKnee(recipe: DatasetRecipe, { split, index }: Member, workers: WorkerPool) {
  const rng = createRng(recipe.seed).fork(split).fork(String(index));
  const flexionRad = between(recipe.flexionDeg, rng.fork("flexion")) * DEG;
  const phantom = parametricPhantom(await buildKnee(typicalKnee(rng.fork("phantom")), { flexionRad }));
  // Most knees have no effusion to speak of.
  const effusion = rng.fork("effusion");
  const effusionMm = effusion.uniform() < 0.6 ? recipe.effusionMm[0] : between(recipe.effusionMm, effusion);
  const scene = phantom.scene({ spacingMm: recipe.gridSpacingMm, effusionMm });
  const skin = skinOf(scene);
  const paths = clinicalSweeps(phantom.guide()).map((plan) => layOnSkin(plan, skin));
  const parts: SettingPart[] = [];
  for (let s = 0; s < recipe.settingsPerKnee; s++) {
    parts.push(await makeSetting(recipe, scene, paths, rng.fork(`setting/${s}`), workers));
  }
  const { widthPx: w, heightPx: h } = recipe,
    n = parts.length * recipe.framesPerSetting;
  const arrays: ShardArray[] = [
    { name: "frames", data: joined(Uint8Array, parts, "frames"), shape: [n, h, w] },
    { name: "ridge", data: joined(Float32Array, parts, "ridge"), shape: [n, w] },
    { name: "shown", data: joined(Float32Array, parts, "shown"), shape: [n, w] },
    { name: "cosine", data: joined(Float32Array, parts, "cosine"), shape: [n, w] },
    { name: "labels", data: joined(Uint8Array, parts, "labels"), shape: [n, h, w] },
    { name: "poses", data: joined(Float64Array, parts, "poses"), shape: [n, 12] },
    { name: "settings", data: joined(Float64Array, parts, "settings"), shape: [n, SETTING_NAMES.length] },
  ];
  const attributes = {
    tissues: JSON.stringify(scene.tissues.map(({ name }) => name)),
    settingNames: JSON.stringify(SETTING_NAMES),
    probes: JSON.stringify(recipe.probes),
    knee: JSON.stringify({ split, index, flexionDeg: flexionRad / DEG, effusionMm, ...scale(phantom.guide()) }),
  };
  return { arrays, attributes };
}

const scale = ({ epicondylarWidthMm }: { readonly epicondylarWidthMm: number }) => ({ epicondylarWidthMm });

type Parts = "frames" | "ridge" | "shown" | "cosine" | "labels" | "poses" | "settings";

interface SettingPart {
  readonly frames: Uint8Array;
  readonly ridge: Float32Array;
  readonly shown: Float32Array;
  readonly cosine: Float32Array;
  readonly labels: Uint8Array;
  readonly poses: Float64Array;
  readonly settings: Float64Array;
}

const SETTING_NAMES = ["pixelMm", "faceColumn", "faceRow", "probe", "depthMm", "dynamicRangeDb", "gainDb", "speedMps"];

function joined<T extends Uint8Array | Float32Array | Float64Array>(
  kind: new (length: number) => T,
  parts: readonly SettingPart[],
  name: Parts,
): T {
  const all = new kind(parts.reduce((sum, part) => sum + part[name].length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part[name], at);
    at += part[name].length;
  }
  return all;
}

async function makeSetting(
  recipe: DatasetRecipe,
  scene: Scene,
  paths: readonly SkinPath[],
  rng: Rng,
  workers: WorkerPool,
): Promise<SettingPart> {
  const probeName: ProbeName = recipe.probes[rng.fork("probe").integer(recipe.probes.length)]!;
  const probe = probes[probeName];
  const settings = drawSettings(recipe, rng.fork("scanner"));
  const geometry = imageGeometry(probe, settings);
  const varied = varyTissues(scene, recipe, rng.fork("tissue"));
  const count = recipe.framesPerSetting;
  const poses = new Float64Array(12 * count);
  for (let i = 0; i < count; i++) poses.set(drawPose(recipe, paths, rng.fork(`pose/${i}`)).m, 12 * i);
  const frames = await renderFrames({ scene: varied, probe, settings, seed: rng.path, poses, workers });
  const size = geometry.width * geometry.height;
  const part: SettingPart = {
    frames: new Uint8Array(count * size),
    ridge: new Float32Array(count * geometry.width),
    shown: new Float32Array(count * geometry.width),
    cosine: new Float32Array(count * geometry.width),
    labels: new Uint8Array(count * size),
    poses,
    settings: new Float64Array(count * SETTING_NAMES.length),
  };
  frames.forEach(({ pixels, trueRidge }, i) => {
    const pose = poses.subarray(12 * i, 12 * i + 12);
    part.frames.set(pixels, i * size);
    part.ridge.set(trueRidge, i * geometry.width);
    part.cosine.set(ridgeCosines(scene, pose, geometry, trueRidge), i * geometry.width);
    const labels = pixelLabels(scene, pose, geometry, trueRidge);
    part.labels.set(labels, i * size);
    const shown = shownRidge(varied, labels, geometry, trueRidge, settings.assumedSpeedMps);
    part.shown.set(shown, i * geometry.width);
    part.settings.set(settingRow(geometry, recipe.probes.indexOf(probeName), settings), i * SETTING_NAMES.length);
  });
  return part;
}

const settingRow = ({ spacingMm, faceCentrePx }: ImageGeometry, probe: number, s: DrawnSettings): number[] => [
  spacingMm[0],
  faceCentrePx[0],
  faceCentrePx[1],
  probe,
  s.depthMm,
  s.dynamicRangeDb,
  s.gainDb,
  s.assumedSpeedMps,
];

type DrawnSettings = Pick<
  ImageSettings,
  "widthPx" | "heightPx" | "depthMm" | "dynamicRangeDb" | "gainDb" | "tgcSlidersDb" | "smoothingMm" | "assumedSpeedMps"
>;

function drawSettings(recipe: DatasetRecipe, rng: Rng): DrawnSettings {
  const slider = (): number => recipe.tgcSlidersDb * rng.normal();
  return {
    widthPx: recipe.widthPx,
    heightPx: recipe.heightPx,
    depthMm: between(recipe.depthMm, rng),
    dynamicRangeDb: between(recipe.dynamicRangeDb, rng),
    gainDb: between(recipe.gainDb, rng),
    assumedSpeedMps: between(recipe.assumedSpeedMps, rng),
    smoothingMm: [between(recipe.smoothingLateralMm, rng), between(recipe.smoothingAxialMm, rng)],
    tgcSlidersDb: [slider(), slider(), slider(), slider(), slider(), slider(), slider(), slider()],
  };
}

/** The same anatomy with other acoustic constants. Shares the fields. */
function varyTissues(scene: Scene, recipe: DatasetRecipe, rng: Rng): Scene {
  const attenuation = between(recipe.attenuationShare, rng);
  return {
    ...scene,
    tissues: scene.tissues.map((tissue) => ({
      ...tissue,
      attenuationDbCmMhz: tissue.attenuationDbCmMhz * attenuation,
      echoDb: tissue.echoDb + recipe.echoSpreadDb * rng.normal(),
    })),
  };
}

/** Anywhere on any clinical stroke, turned, tilted, rocked and pressed as no careful operator would. */
function drawPose(recipe: DatasetRecipe, paths: readonly SkinPath[], rng: Rng): Rigid<"knee", "image"> {
  const path = paths[rng.integer(paths.length)]!;
  const turnRad = rng.uniform() < recipe.turnedShare ? Math.PI * (2 * rng.uniform() - 1) : 12 * DEG * rng.normal();
  const tilt = recipe.tiltSdDeg * DEG * rng.normal(),
    rock = 0.6 * recipe.tiltSdDeg * DEG * rng.normal();
  const pressMm = between(recipe.pressMm, rng);
  const turned = fromAxisAngle<"image", "image">([0, 1, 0], turnRad, [0, 0, 0]);
  const tilted = fromAxisAngle<"image", "image">([1, 0, 0], tilt, [0, 0, 0]);
  const rocked = fromAxisAngle<"image", "image">([0, 0, 1], rock, [0, pressMm, 0]);
  return compose(path.at(rng.uniform() * path.lengthMm), compose(turned, compose(tilted, rocked)));
}
