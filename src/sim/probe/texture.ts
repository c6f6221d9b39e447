import type { TissueTexture } from "../scene.ts";
import { createNoise } from "./hash.ts";

/**
 * Coherent structure inside a tissue: septa of fat, perimysium of muscle, fibrils of tendon. They are thin sheets, the
 * level sets of a smooth field that follows the skin and wanders; a beam echoes where it crosses one. Fully developed
 * speckle is rare in living tissue (Gee 2005), and a pure scatterer field would be too kind to trackerless methods.
 * A tissue has two families of sheets, coarse and fine, which cross and so seem to branch.
 */
export interface SheetFamily {
  /** Mean distance between sheets, mm. */
  readonly spacingMm: number;
  /** How far a sheet wanders from its mean, and over what length, mm. */
  readonly wanderMm: number;
  readonly wanderLengthMm: number;
  /** Length over which a sheet is bright or faint, mm. */
  readonly patchLengthMm: number;
  /** Pressure reflection coefficient at right angles of the mean stretch, and how many dB the brightest lie above. */
  readonly reflection: number;
  readonly spreadDb: number;
  /** Scatter that a bright stretch adds to its tissue (cells, small fibres), re the tissue's own. */
  readonly scatter: number;
}

export interface TextureModel {
  readonly families: readonly [coarse: SheetFamily, fine: SheetFamily];
  /** All noise runs this much slower along the fibres. */
  readonly stretch: number;
  /** Speckle brightness varies by this many dB, peak, over patches of this length, mm; its attenuation by a share. */
  readonly mottleDb: number;
  readonly mottleLengthMm: number;
  /** How many dB of speckle are lost when the beam leaves the right angle to the fibres, and over what sine. */
  readonly anisotropyDb: number;
  readonly anisotropySine: number;
}

/** Chosen to look like the recorded L14 frames: layered fat, dark muscle between long and short lines. */
const family = (
  spacingMm: number,
  [wanderMm, wanderLengthMm]: readonly [number, number],
  patchLengthMm: number,
  reflection: number,
  spreadDb: number,
  scatter: number,
): SheetFamily => ({ spacingMm, wanderMm, wanderLengthMm, patchLengthMm, reflection, spreadDb, scatter });

export const textureModels: { readonly [K in TissueTexture]: TextureModel | undefined } = {
  none: undefined,
  diffuse: undefined,
  lobular: {
    families: [family(2.4, [2.6, 9], 7, 0.05, 36, 1.2), family(0.9, [1.3, 5], 3.2, 0.018, 32, 0.7)],
    stretch: 1,
    mottleDb: 6,
    mottleLengthMm: 2.5,
    anisotropyDb: 0,
    anisotropySine: 1,
  },
  fascicular: {
    families: [family(2.6, [4.5, 11], 4.5, 0.01, 30, 1.2), family(1.1, [2.4, 7], 2.6, 0.004, 28, 0.6)],
    stretch: 4,
    mottleDb: 9,
    mottleLengthMm: 4,
    anisotropyDb: 3,
    anisotropySine: 0.3,
  },
  // Echo +10 dB at right angles and −10 dB when tilted by 10 to 15° (reference 2.3).
  fibrillar: {
    families: [family(0.8, [0.35, 4], 1.1, 0.05, 24, 0.8), family(0.45, [0.25, 3], 0.7, 0.03, 22, 0.4)],
    stretch: 10,
    mottleDb: 3,
    mottleLengthMm: 1.5,
    anisotropyDb: 18,
    anisotropySine: 0.18,
  },
};

type Unit = readonly [number, number, number];

export interface TextureSampler {
  /** Sheet coordinate at (x, y, z), knee frame, mm, `depthMm` below the skin: a sheet lies at every whole number. */
  level(
    model: TextureModel,
    family: 0 | 1,
    x: number,
    y: number,
    z: number,
    depthMm: number,
    fibre: Unit,
    seed: number,
  ): number;
  /** Brightness of the sheet of that whole number at the point, re the mean stretch: amplitude. */
  strength(
    model: TextureModel,
    family: 0 | 1,
    sheet: number,
    x: number,
    y: number,
    z: number,
    fibre: Unit,
    seed: number,
  ): number;
  /** Noise in [-1, 1] of the brightness between the sheets. */
  mottle(model: TextureModel, x: number, y: number, z: number, fibre: Unit, seed: number): number;
}

const LEVEL_SEED = [0x51ed270b, 0x1b873593] as const;
const STRENGTH_SEED = 0x2545f491;
const MOTTLE_SEED = 0x38495ab5;
const SHEET_PRIME = 0x9e3779b1;
/** Share of the fine octave in the brightness of a sheet, and how much shorter it is. */
const FINE_SHARE = 0.45;
const FINE_PER_LENGTH = 4;

/**
 * One for each walk through the tissue: it remembers the noise around its last point. Noise is read in coordinates that
 * are compressed along the fibres and turned against the axes of the body, so that its lattice does not show.
 */
export function createTextureSampler(): TextureSampler {
  const wander = [createNoise(), createNoise()] as const,
    long = createNoise(),
    short = createNoise(),
    patches = createNoise();
  let tx = 0, ty = 0, tz = 0; // prettier-ignore
  function turn({ stretch }: TextureModel, x: number, y: number, z: number, fibre: Unit): void {
    const along = (x * fibre[0] + y * fibre[1] + z * fibre[2]) * (1 - 1 / stretch);
    const a = x - along * fibre[0], b = y - along * fibre[1], c = z - along * fibre[2]; // prettier-ignore
    tx = 0.5612 * a - 0.7289 * b - 0.392 * c;
    ty = 0.2542 * a + 0.6026 * b - 0.7565 * c;
    tz = 0.7877 * a + 0.3249 * b + 0.5234 * c;
  }
  return {
    level(model, family, x, y, z, depthMm, fibre, seed) {
      const { wanderMm, wanderLengthMm, spacingMm } = model.families[family],
        w = 1 / wanderLengthMm;
      turn(model, x, y, z, fibre);
      const noise = wander[family](tx * w, ty * w, tz * w, seed ^ LEVEL_SEED[family]);
      return (depthMm + wanderMm * noise) / spacingMm;
    },
    strength(model, family, sheet, x, y, z, fibre, seed) {
      const { patchLengthMm, spreadDb } = model.families[family],
        p = 1 / patchLengthMm,
        q = FINE_PER_LENGTH * p;
      turn(model, x, y, z, fibre);
      const own = seed ^ STRENGTH_SEED ^ Math.imul(sheet + family * 0x4000, SHEET_PRIME);
      const noise = long(tx * p, ty * p, tz * p, own) + FINE_SHARE * short(tx * q, ty * q, tz * q, own ^ 1);
      return 10 ** ((noise * spreadDb) / 20);
    },
    mottle(model, x, y, z, fibre, seed) {
      const p = 1 / model.mottleLengthMm;
      turn(model, x, y, z, fibre);
      return patches(tx * p, ty * p, tz * p, seed ^ MOTTLE_SEED);
    },
  };
}
