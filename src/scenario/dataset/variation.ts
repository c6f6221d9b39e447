import { compose, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { SkinPath } from "../../sim/operator/skin-path.ts";
import { corticalSurface } from "../../sim/probe/effects.ts";
import type { ImageSettings, Probe } from "../../sim/probe/probe.ts";
import type { RoughSurface } from "../../sim/probe/rough-surface.ts";
import type { Scene } from "../../sim/scene.ts";
import type { DatasetRecipe } from "./schema.ts";

export const DEG = Math.PI / 180;
export const between = ([low, high]: readonly [number, number], rng: Rng): number => low + (high - low) * rng.uniform();

/** What is turned or built differently from scanner to scanner. What is left out is as in `defaultSettings`. */
export type DrawnSettings = Omit<ImageSettings, "tgcDbPerCm">;

export function drawSettings(recipe: DatasetRecipe, { radiusMm }: Probe, rng: Rng): DrawnSettings {
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
    noiseDb: between(recipe.noiseDb, rng),
    edgeEnhancement: between(recipe.edgeEnhancement, rng),
    gamma: between(recipe.gamma, rng),
    sCurve: between(recipe.sCurve, rng),
    compoundAngleRad: (4 + 6 * rng.uniform()) * DEG,
    // The simulator steers the beams of flat faces alone.
    compoundLooks: rng.uniform() < recipe.compoundShare && !radiusMm ? 3 : 1,
  };
}

/** A probe of the same kind from another maker. */
export function varyProbe(probe: Probe, { probeSpread }: DatasetRecipe, rng: Rng): Probe {
  const times = (value: number): number => value * (1 + probeSpread * (2 * rng.uniform() - 1));
  return {
    ...probe,
    frequencyHz: times(probe.frequencyHz),
    bandwidth: times(probe.bandwidth),
    pitchMm: times(probe.pitchMm),
    elevationApertureMm: times(probe.elevationApertureMm),
    elevationFocusMm: times(probe.elevationFocusMm),
    transmitFocusMm: times(probe.transmitFocusMm),
    ...(probe.radiusMm && { radiusMm: times(probe.radiusMm) }),
  };
}

export function varyRoughness({ roughnessShare }: DatasetRecipe, rng: Rng): RoughSurface {
  return {
    rmsMm: corticalSurface.rmsMm * between(roughnessShare, rng),
    correlationMm: corticalSurface.correlationMm * between(roughnessShare, rng),
  };
}

/** The same anatomy with other acoustic constants. Shares the fields. */
export function varyTissues(scene: Scene, recipe: DatasetRecipe, rng: Rng): Scene {
  const attenuation = between(recipe.attenuationShare, rng);
  return {
    ...scene,
    tissues: scene.tissues.map((tissue) => ({
      ...tissue,
      attenuationDbCmMhz: tissue.attenuationDbCmMhz * attenuation,
      echoDb: tissue.echoDb + recipe.echoSpreadDb * rng.normal(),
      speedMps: tissue.speedMps * (1 + recipe.speedSpread * rng.normal()),
    })),
  };
}

/** Anywhere on any clinical stroke, turned, tilted, rocked and pressed as no careful operator would. */
export function drawPose(recipe: DatasetRecipe, paths: readonly SkinPath[], rng: Rng): Rigid<"knee", "image"> {
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
