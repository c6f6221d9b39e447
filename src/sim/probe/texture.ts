import type { TissueTexture } from "../scene.ts";
import { createNoise } from "./hash.ts";

/**
 * Coherent structure inside a tissue: septa of fat, perimysium of muscle, fibrils of tendon. They are thin sheets, the
 * level sets of a smooth field that follows the skin and wanders; a beam echoes where it crosses one. Fully developed
 * speckle is rare in living tissue (Gee 2005), and a pure scatterer field would be too kind to trackerless methods.
 */
export interface SheetModel {
  /** Mean distance between sheets, mm. */
  readonly spacingMm: number;
  /** How far a sheet wanders from its mean, and over what length, mm. */
  readonly wanderMm: number;
  readonly wanderLengthMm: number;
  /** Length of the bright stretches of a sheet, mm, and the share of noise [-1, 1] above which it is bright. */
  readonly patchLengthMm: number;
  readonly patchThreshold: number;
  /** Noise runs this much slower along the fibres. */
  readonly stretch: number;
  /** Pressure reflection coefficient of a bright stretch at right angles. */
  readonly reflection: number;
  /** Speckle brightness varies by this many dB, peak, over patches. */
  readonly mottleDb: number;
}

/** Chosen to look like reference frame 10 of the public L14 recording: long septa in fat, short dashes in muscle. */
export const sheetModels: { readonly [K in TissueTexture]: SheetModel | undefined } = {
  none: undefined,
  diffuse: undefined,
  lobular: {
    spacingMm: 2.7,
    wanderMm: 2.6,
    wanderLengthMm: 10,
    patchLengthMm: 6,
    patchThreshold: 0.05,
    stretch: 1,
    reflection: 0.03,
    mottleDb: 3,
  },
  fascicular: {
    spacingMm: 1.7,
    wanderMm: 1.9,
    wanderLengthMm: 5,
    patchLengthMm: 2.6,
    patchThreshold: 0.15,
    stretch: 4,
    reflection: 0.07,
    mottleDb: 6,
  },
  fibrillar: {
    spacingMm: 0.7,
    wanderMm: 0.25,
    wanderLengthMm: 6,
    patchLengthMm: 4,
    patchThreshold: -0.4,
    stretch: 6,
    reflection: 0.02,
    mottleDb: 2,
  },
};

/** Sheet coordinate (a sheet lies at every whole number) and patch noise in [-1, 1]; knee frame, mm. */
export interface SheetSample {
  level: number;
  patch: number;
}

/**
 * A sampler that writes to `out` the sheet field at (x, y, z), `depthMm` below the skin; `fibre` is a unit vector. One
 * for each walk through the tissue: it remembers the noise around its last point.
 */
export function createSheetSampler(): (
  model: SheetModel,
  x: number,
  y: number,
  z: number,
  depthMm: number,
  fibre: readonly [number, number, number],
  seed: number,
  out: SheetSample,
) => void {
  const wander = createNoise(),
    patch = createNoise();
  return (model, x, y, z, depthMm, fibre, seed, out) => {
    const along = (x * fibre[0] + y * fibre[1] + z * fibre[2]) * (1 - 1 / model.stretch);
    const qx = x - along * fibre[0], qy = y - along * fibre[1], qz = z - along * fibre[2]; // prettier-ignore
    const w = 1 / model.wanderLengthMm,
      p = 1 / model.patchLengthMm;
    out.level = (depthMm + model.wanderMm * wander(qx * w, qy * w, qz * w, seed ^ 0x51ed270b)) / model.spacingMm;
    out.patch = patch(qx * p, qy * p, qz * p, seed ^ 0x2545f491);
  };
}
