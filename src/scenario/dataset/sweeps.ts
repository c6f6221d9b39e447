import { UnsuitableInputError } from "../../core/errors.ts";
import { createRng, type Rng } from "../../core/rng.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { ShardArray } from "../../io/dataset-shard.ts";
import { latticeOf, resampler } from "../../pipeline/pose/lattice.ts";
import { parametricPhantom } from "../../sim/anatomy/phantom.ts";
import { buildKnee } from "../../sim/knee/knee.ts";
import { typicalKnee } from "../../sim/knee/parameters.ts";
import { layOnSkin, type SkinPath } from "../../sim/operator/skin-path.ts";
import { clinicalSweeps, type SweepPlan } from "../../sim/operator/sweep-plan.ts";
import { trackerlessSweeps } from "../../sim/operator/trackerless-sweeps.ts";
import { defaultProbe, imageGeometry, type ImageSettings, type Probe } from "../../sim/probe/probe.ts";
import { presetTgcDbPerCm } from "../../sim/probe/scanners.ts";
import { renderFrames } from "../../sim/probe/render.ts";
import { type Scene, skinOf } from "../../sim/scene.ts";
import { between, DEG, drawMotion } from "./sweep-motion.ts";
import type { SweepRecipe } from "./sweeps-schema.ts";

/** What every sweep ends on, so that a shard is one array: the widest and deepest lattice, filled up with 0. */
const LATTICE = { columns: 200, rows: 270 } as const;

/** What the pipeline takes a scanner's dynamic range for when it is not told. */
const ASSUMED_RANGE_DB = 60;

export const SWEEP_SETTINGS = [
  "columns",
  "rows",
  "originX",
  "originY",
  "stepMm",
  "elevationApertureMm",
  "elevationFocusMm",
  "dynamicRangeDb",
  "turning",
] as const;

export const aboutSweeps =
  "Simulated sweeps with their true motion, one HDF5 file a knee. frames: cells of 0.2 mm [frame, row, column], power as " +
  "its logarithm, 60 dB from 0 to 255, filled up with 0 to one size; poses: row-major 3x4 kneeFromImage, mm, one a " +
  "frame; settings: one row a sweep of `framesPerSweep` frames, columns in the attribute `settingNames`. Parts never " +
  "share a knee.";

/** All sweeps of one knee: cells of the lattice of each frame, its true pose, and how the sweep was made. */
export async function makeSweeps(
  recipe: SweepRecipe,
  split: "train" | "validation" | "test",
  index: number,
  workers: WorkerPool,
): Promise<{ readonly arrays: ShardArray[]; readonly attributes: Record<string, string> }> {
  const rng = createRng(recipe.seed).fork(split).fork(String(index));
  const flexionRad = between(recipe.flexionDeg, rng.fork("flexion")) * DEG;
  const phantom = parametricPhantom(await buildKnee(typicalKnee(rng.fork("phantom")), { flexionRad }));
  const scene = phantom.scene({ spacingMm: recipe.gridSpacingMm, effusionMm: 0 });
  const skin = skinOf(scene);
  const straight = [
    ...trackerlessSweeps(phantom.guide()).filter(({ turns }) => !turns),
    ...clinicalSweeps(phantom.guide()),
  ];
  const paths = straight.flatMap((plan) => laidOn(plan, skin));
  const { sweepsPerKnee: sweeps, framesPerSweep: count } = recipe;
  const size = LATTICE.columns * LATTICE.rows;
  const frames = new Uint8Array(sweeps * count * size),
    poses = new Float64Array(sweeps * count * 12),
    settings = new Float64Array(sweeps * SWEEP_SETTINGS.length);
  for (let s = 0; s < sweeps; s++) {
    const made = await makeSweep(recipe, scene, paths, rng.fork(`sweep/${s}`), workers);
    made.cells.forEach((cells, i) => frames.set(cells, (s * count + i) * size));
    poses.set(made.poses, s * count * 12);
    settings.set(made.settings, s * SWEEP_SETTINGS.length);
  }
  return {
    arrays: [
      { name: "frames", data: frames, shape: [sweeps * count, LATTICE.rows, LATTICE.columns] },
      { name: "poses", data: poses, shape: [sweeps * count, 12] },
      { name: "settings", data: settings, shape: [sweeps, SWEEP_SETTINGS.length] },
    ],
    attributes: { settingNames: JSON.stringify(SWEEP_SETTINGS), framesPerSweep: String(count) },
  };
}

/** None where a bent knee has no skin at the planned place. */
function laidOn(plan: SweepPlan, skin: DistanceField): SkinPath[] {
  try {
    return [layOnSkin(plan, skin)];
  } catch (error) {
    if (error instanceof UnsuitableInputError) return [];
    throw error;
  }
}

/** One sweep over a scene along one of the paths: its cells a frame, its true poses, and SWEEP_SETTINGS. */
export async function makeSweep(
  recipe: SweepRecipe,
  scene: Scene,
  paths: readonly SkinPath[],
  rng: Rng,
  workers: WorkerPool,
): Promise<{ readonly cells: readonly Uint8Array[]; readonly poses: Float64Array; readonly settings: Float64Array }> {
  const probe = drawProbe(recipe, rng.fork("probe")),
    settings = drawSettings(recipe, probe, rng.fork("scanner"));
  const geometry = imageGeometry(probe, settings);
  const { poses, stepMm, turning } = drawMotion(recipe, paths, rng.fork("motion"));
  const varied = varyTissues(scene, recipe, rng.fork("tissue"));
  const rendered = await renderFrames({ scene: varied, probe, settings, seed: rng.path, poses, workers });
  const lattice = latticeOf(geometry),
    resample = resampler(lattice, geometry, ASSUMED_RANGE_DB);
  const cells = rendered.map(({ pixels }) => {
    const found = resample({ width: geometry.width, height: geometry.height, pixels });
    const padded = new Uint8Array(LATTICE.columns * LATTICE.rows);
    for (let row = 0; row < Math.min(lattice.rows, LATTICE.rows); row++) {
      const part = found.subarray(
        row * lattice.columns,
        row * lattice.columns + Math.min(lattice.columns, LATTICE.columns),
      );
      padded.set(part, row * LATTICE.columns);
    }
    return padded;
  });
  return {
    cells,
    poses,
    settings: Float64Array.of(
      Math.min(lattice.columns, LATTICE.columns),
      Math.min(lattice.rows, LATTICE.rows),
      ...lattice.originMm,
      stepMm,
      probe.elevationApertureMm,
      probe.elevationFocusMm,
      settings.dynamicRangeDb,
      turning ? 1 : 0,
    ),
  };
}

function drawProbe(recipe: SweepRecipe, rng: Rng): Probe {
  const narrow = rng.uniform() < recipe.narrowShare;
  return {
    ...defaultProbe,
    elevationApertureMm: defaultProbe.elevationApertureMm * between(recipe.lensShare, rng),
    elevationFocusMm: defaultProbe.elevationFocusMm * between(recipe.lensShare, rng),
    ...(narrow ? { elementCount: defaultProbe.elementCount / 2, lineCount: defaultProbe.lineCount / 2 } : {}),
  };
}

function drawSettings(recipe: SweepRecipe, probe: Probe, rng: Rng) {
  const depthMm = between(recipe.depthMm, rng);
  return {
    widthPx: 512,
    heightPx: 512,
    depthMm,
    tgcDbPerCm: presetTgcDbPerCm(probe),
    dynamicRangeDb: between(recipe.dynamicRangeDb, rng),
    gainDb: between(recipe.gainDb, rng),
    noiseDb: between(recipe.noiseDb, rng),
    smoothingMm: [between(recipe.smoothingLateralMm, rng), between(recipe.smoothingAxialMm, rng)] as const,
  } satisfies Partial<ImageSettings>;
}

/** The same anatomy with other echoes: more or less speckle against the sheets in it, or no sheets at all. */
function varyTissues(scene: Scene, recipe: SweepRecipe, rng: Rng): Scene {
  const attenuation = between(recipe.attenuationShare, rng);
  return {
    ...scene,
    tissues: scene.tissues.map((tissue) => ({
      ...tissue,
      attenuationDbCmMhz: tissue.attenuationDbCmMhz * attenuation,
      echoDb: tissue.echoDb + recipe.echoSpreadDb * rng.normal(),
      texture: tissue.texture !== "none" && rng.uniform() < recipe.plainShare ? "diffuse" : tissue.texture,
    })),
  };
}
