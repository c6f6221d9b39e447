import { createRng, type Rng } from "../../core/rng.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { ImageGeometry } from "../../data/image.ts";
import type { ShardArray } from "../../io/dataset-shard.ts";
import { parametricPhantom } from "../../sim/anatomy/phantom.ts";
import { buildKnee } from "../../sim/knee/knee.ts";
import { typicalKnee } from "../../sim/knee/parameters.ts";
import { layOnSkin, type SkinPath } from "../../sim/operator/skin-path.ts";
import { clinicalSweeps } from "../../sim/operator/sweep-plan.ts";
import type { EchoFrame } from "../../sim/probe/echo.ts";
import { apertureMm, imageGeometry, type Probe, type ProbeName, probes } from "../../sim/probe/probe.ts";
import { renderFrames } from "../../sim/probe/render.ts";
import { type Scene, skinOf } from "../../sim/scene.ts";
import { pixelLabels, ridgeCosines, shownRidge } from "../../sim/truth/pixel-labels.ts";
import { drawTankPose, hideBelowGas, inWater, wireTank, withGas, withoutBone, withWires } from "./artefacts.ts";
import type { DatasetRecipe } from "./schema.ts";
import {
  between,
  DEG,
  drawPose,
  type DrawnSettings,
  drawSettings,
  varyProbe,
  varyRoughness,
  varyTissues,
} from "./variation.ts";

export type Split = "train" | "validation" | "test";

/** One knee's place in the dataset. */
export interface Member {
  readonly split: Split;
  readonly index: number;
}

/** All frames of one knee, as arrays of one HDF5 file. A function of the recipe and the member alone. */
export async function makeKnee(recipe: DatasetRecipe, { split, index }: Member, workers: WorkerPool) {
  const rng = createRng(recipe.seed).fork(split).fork(String(index));
  const flexionRad = between(recipe.flexionDeg, rng.fork("flexion")) * DEG;
  const phantom = parametricPhantom(await buildKnee(typicalKnee(rng.fork("phantom")), { flexionRad }));
  // Most knees have no effusion to speak of.
  const effusion = rng.fork("effusion");
  const effusionMm = effusion.uniform() < 0.6 ? recipe.effusionMm[0] : between(recipe.effusionMm, effusion);
  const scene = phantom.scene({ spacingMm: recipe.gridSpacingMm, effusionMm });
  const skin = skinOf(scene);
  const paths = clinicalSweeps(phantom.guide()).map((plan) => layOnSkin(plan, skin));
  const names = split === "test" ? (recipe.testProbes ?? recipe.probes) : recipe.probes;
  const parts: SettingPart[] = [];
  for (let s = 0; s < recipe.settingsPerKnee; s++) {
    const draw = rng.fork(`setting/${s}`);
    const probeName = names[draw.fork("probe").integer(names.length)]!;
    parts.push(await makeSetting(recipe, scene, paths, probeName, draw, workers));
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
  const { epicondylarWidthMm } = phantom.guide();
  const attributes = {
    tissues: JSON.stringify([...scene.tissues.map(({ name }) => name), "gas"]),
    settingNames: JSON.stringify(SETTING_NAMES),
    probes: JSON.stringify(Object.keys(probes)),
    contents: JSON.stringify(CONTENTS),
    knee: JSON.stringify({ split, index, flexionDeg: flexionRad / DEG, effusionMm, epicondylarWidthMm }),
  };
  return { arrays, attributes };
}

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

/** What a setting shows; the labels of a tank are of its own tissues: water alone. */
const CONTENTS = ["knee", "without bone", "tank", "bones in water"] as const;

const SETTING_NAMES = [
  "pixelMm",
  "faceColumn",
  "faceRow",
  "probe",
  "depthMm",
  "dynamicRangeDb",
  "gainDb",
  "speedMps",
  "faceWidthMm",
  "faceRadiusMm",
  "faceAngleRad",
  "frequencyHz",
  "looks",
  "content",
] as const;

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

/** What one setting looks at. */
interface View {
  readonly content: (typeof CONTENTS)[number];
  readonly scene: Scene;
  /** Row-major 3×4, kneeFromImage, one a frame. */
  readonly poses: Float64Array;
}

function drawView(
  recipe: DatasetRecipe,
  scene: Scene,
  paths: readonly SkinPath[],
  { radiusMm }: Probe,
  rng: Rng,
): View {
  const count = recipe.framesPerSetting,
    poses = new Float64Array(12 * count),
    chance = rng.fork("content").uniform();
  if (chance < recipe.tankShare) {
    for (let i = 0; i < count; i++) poses.set(drawTankPose(rng.fork(`pose/${i}`)), 12 * i);
    return { content: "tank", scene: wireTank(), poses };
  }
  for (let i = 0; i < count; i++) poses.set(drawPose(recipe, paths, rng.fork(`pose/${i}`)).m, 12 * i);
  const varied = varyTissues(scene, recipe, rng.fork("tissue"));
  if (chance < recipe.tankShare + recipe.bonelessShare) {
    return { content: "without bone", scene: withoutBone(varied), poses };
  }
  if (chance < recipe.tankShare + recipe.bonelessShare + recipe.waterShare) {
    return { content: "bones in water", scene: inWater(scene, between(recipe.waterC, rng.fork("water"))), poses };
  }
  const wired = withWires(varied, poses, recipe.wireShare, rng.fork("wires"));
  return { content: "knee", scene: radiusMm ? wired : withGas(wired, poses, recipe.gasShare, rng.fork("gas")), poses };
}

async function makeSetting(
  recipe: DatasetRecipe,
  knee: Scene,
  paths: readonly SkinPath[],
  probeName: ProbeName,
  rng: Rng,
  workers: WorkerPool,
): Promise<SettingPart> {
  const probe = varyProbe(probes[probeName], recipe, rng.fork("make")),
    settings = drawSettings(recipe, probe, rng.fork("scanner")),
    boneSurface = varyRoughness(recipe, rng.fork("roughness")),
    view = drawView(recipe, knee, paths, probe, rng);
  const { scene, poses } = view;
  const frames = await renderFrames({ scene, probe, settings, seed: rng.path, boneSurface, poses, workers });
  const geometry = imageGeometry(probe, settings);
  const row = settingRow(geometry, probe, Object.keys(probes).indexOf(probeName), settings, view.content);
  return labelled(frames, view, geometry, settings.assumedSpeedMps, row);
}

function labelled(
  frames: readonly EchoFrame[],
  { scene, poses }: View,
  geometry: ImageGeometry,
  assumedSpeedMps: number,
  settingsRow: readonly number[],
): SettingPart {
  const count = frames.length,
    { width } = geometry,
    size = width * geometry.height;
  const part: SettingPart = {
    frames: new Uint8Array(count * size),
    ridge: new Float32Array(count * width),
    shown: new Float32Array(count * width),
    cosine: new Float32Array(count * width),
    labels: new Uint8Array(count * size),
    poses: Float64Array.from(poses),
    settings: new Float64Array(count * settingsRow.length),
  };
  frames.forEach(({ pixels, trueRidge }, i) => {
    const pose = poses.subarray(12 * i, 12 * i + 12);
    const labels = pixelLabels(scene, pose, geometry, trueRidge),
      ridge = hideBelowGas(scene, labels, trueRidge, width);
    part.frames.set(pixels, i * size);
    part.labels.set(labels, i * size);
    part.ridge.set(ridge, i * width);
    part.cosine.set(ridgeCosines(scene, pose, geometry, ridge), i * width);
    part.shown.set(shownRidge(scene, labels, geometry, ridge, assumedSpeedMps), i * width);
    part.settings.set(settingsRow, i * settingsRow.length);
  });
  return part;
}

function settingRow(
  { spacingMm, faceCentrePx, fieldOfView }: ImageGeometry,
  probe: Probe,
  probeIndex: number,
  s: DrawnSettings,
  content: View["content"],
): number[] {
  const values: Record<(typeof SETTING_NAMES)[number], number> = {
    pixelMm: spacingMm[0],
    faceColumn: faceCentrePx[0],
    faceRow: faceCentrePx[1],
    probe: probeIndex,
    depthMm: s.depthMm,
    dynamicRangeDb: s.dynamicRangeDb,
    gainDb: s.gainDb,
    speedMps: s.assumedSpeedMps,
    faceWidthMm: apertureMm(probe),
    faceRadiusMm: probe.radiusMm ?? 0,
    faceAngleRad: fieldOfView?.kind === "sector" ? fieldOfView.angleRad : 0,
    frequencyHz: probe.frequencyHz,
    looks: s.compoundLooks,
    content: CONTENTS.indexOf(content),
  };
  return SETTING_NAMES.map((name) => values[name]);
}
