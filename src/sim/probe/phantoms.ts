import type { Grid } from "../../geometry/grid.ts";
import { sharedFloat32, sharedUint8, type Scene, type Tissue } from "../scene.ts";

/** Shapes whose image is known in closed form; frame: +y into the body, the skin at y = 0, x lateral, z elevation. */
export interface PhantomShape {
  /** Signed distance to bone, mm, negative inside; undefined for no bone. */
  readonly bone?: (x: number, y: number, z: number) => number;
  /** Index into `tissues` at a point inside the body. */
  readonly tissue: (x: number, y: number, z: number) => number;
  readonly tissues: readonly Tissue[];
  /** Signed distance to the skin, negative inside the body; y < 0 is outside by default. */
  readonly skin?: (x: number, y: number, z: number) => number;
}

const soft = { densityKgM3: 1050, attenuationExponent: 1, echoDb: 0 } as const;

/** A medium of plain speckle at the scanner's own speed of sound, without loss unless asked for. */
export function plainTissue(attenuationDbCmMhz = 0, speedMps = 1540): Tissue {
  return { ...soft, name: "plain", speedMps, attenuationDbCmMhz, texture: "diffuse" };
}

/** Fat and muscle of reference/ultrasound.md 2.3. */
export const fatTissue: Tissue = {
  name: "fat",
  speedMps: 1450,
  densityKgM3: 930,
  attenuationDbCmMhz: 0.5,
  attenuationExponent: 1.09,
  echoDb: 2,
  texture: "lobular",
};
export const muscleTissue: Tissue = {
  name: "muscle",
  speedMps: 1580,
  densityKgM3: 1058,
  attenuationDbCmMhz: 0.7,
  attenuationExponent: 1.05,
  echoDb: -10,
  texture: "fascicular",
  fibreDirection: [0.28, 0, 0.96],
};

/** A block of ±`halfMm` in x and z and `depthMm` in y around a shape, sampled like a scene. */
export function phantomScene(
  { bone, tissue, tissues, skin = (_x, y) => -y }: PhantomShape,
  {
    halfMm = [26, 8],
    depthMm = 56,
    spacingMm = 0.5,
  }: { halfMm?: readonly [number, number]; depthMm?: number; spacingMm?: number } = {},
): Scene {
  const above = 6;
  const shape = [
    Math.ceil((2 * halfMm[0]) / spacingMm) + 1,
    Math.ceil((depthMm + above) / spacingMm) + 1,
    Math.ceil((2 * halfMm[1]) / spacingMm) + 1,
  ] as const;
  const grid: Grid = {
    shape,
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [-halfMm[0], -above, -halfMm[1]],
  };
  const count = shape[0] * shape[1] * shape[2];
  const boneDistanceMm = sharedFloat32(count),
    skinDistanceMm = sharedFloat32(count),
    labels = sharedUint8(count);
  for (let k = 0, at = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, at++) {
        const x = grid.originMm[0] + i * spacingMm,
          y = grid.originMm[1] + j * spacingMm,
          z = grid.originMm[2] + k * spacingMm;
        boneDistanceMm[at] = bone ? bone(x, y, z) : 100;
        skinDistanceMm[at] = skin(x, y, z);
        labels[at] = tissue(x, y, z);
      }
    }
  }
  return {
    grid,
    boneDistanceMm,
    skinDistanceMm,
    tissue: labels,
    tissues,
    bone: sharedUint8(count),
    bones: ["femur"],
  };
}

/** Image frame = phantom frame: the face on the skin, looking along +y. */
export function phantomPose(xMm = 0, yMm = 0, zMm = 0): Float64Array {
  return Float64Array.of(1, 0, 0, xMm, 0, 1, 0, yMm, 0, 0, 1, zMm);
}

/** A convex bone of radius 25 mm whose apex lies 22 mm deep, under 7 mm of fat and then muscle. */
export function domePhantom(): Scene {
  return phantomScene({
    bone: (x, y) => Math.hypot(x, y - 47) - 25,
    tissue: (x, y) => (y < 7 + 0.8 * Math.sin(x / 9) ? 0 : 1),
    tissues: [fatTissue, muscleTissue],
  });
}
