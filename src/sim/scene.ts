import type { BoneName } from "../data/surface.ts";
import type { DistanceField } from "../geometry/distance-field.ts";
import { type Grid, sampleTrilinear, voxelCount } from "../geometry/grid.ts";

/** How echo is arranged inside a tissue, for the image formation: speckle alone, or coherent structure besides it. */
export type TissueTexture =
  | "none" // no scatterers: gel, air, fluid, the inside of bone
  | "diffuse" // speckle only: cartilage, skin
  | "lobular" // dark lobules between bright septa: fat
  | "fascicular" // bright streaks along the fibres: muscle
  | "fibrillar"; // dense parallel lines that vanish when tilted: tendon, ligament

/** Acoustic constants of one tissue at body temperature. */
export interface Tissue {
  readonly name: string;
  readonly speedMps: number;
  readonly densityKgM3: number;
  /** One-way amplitude attenuation at 1 MHz, dB/cm; at f MHz it is this times f to the power `attenuationExponent`. */
  readonly attenuationDbCmMhz: number;
  readonly attenuationExponent: number;
  /** Scatter level in dB relative to muscle; -Infinity for no scatter at all. */
  readonly echoDb: number;
  readonly texture: TissueTexture;
  /** Unit vector along the fibres of a fascicular or fibrillar tissue, in the frame of the scene. */
  readonly fibreDirection?: readonly [number, number, number];
}

/** A straight wire in the field, as in a calibration phantom: thin against the beam, with an echo from front and back. */
export interface SceneWire {
  /** Ends of its middle line, frame of the scene, mm. */
  readonly fromMm: readonly [number, number, number];
  readonly toMm: readonly [number, number, number];
  readonly radiusMm: number;
  /** Speed of sound in the wire, m/s: 2600 in nylon. */
  readonly speedMps: number;
  /** Peak of its echo in the elevation focus, at right angles to the beam, dB re muscle speckle. */
  readonly echoDb: number;
}

/**
 * What the probe and the operator see of a body: fields sampled at the voxel centres of one grid in the knee frame, mm.
 * The arrays lie on SharedArrayBuffers, so worker threads read one copy. Nobody writes to them once they are built.
 */
export interface Scene {
  readonly grid: Grid;
  /** Signed distance to the nearest bone surface, negative inside bone. Read it with `sampleTrilinear`. */
  readonly boneDistanceMm: Float32Array;
  /** Signed distance to the skin, negative inside the body. */
  readonly skinDistanceMm: Float32Array;
  /** What the face is pressed into is pushed aside and squeezes nothing, as water around wires; tissue is not fluid. */
  readonly fluid?: boolean;
  /** Label of each voxel centre, an index into `tissues`. Never interpolate it. */
  readonly tissue: Uint8Array;
  readonly tissues: readonly Tissue[];
  /** Which bone is nearest, an index into `bones`. */
  readonly bone: Uint8Array;
  readonly bones: readonly BoneName[];
  /** None when absent. */
  readonly wires?: readonly SceneWire[];
}

/** Beyond the grid there is only air. */
const FAR_OUTSIDE_MM = 50;

/** The skin as the operator meets it: signed distance in the knee frame, negative inside the body. */
export const skinOf = ({ grid, skinDistanceMm }: Scene): DistanceField => ({
  distanceMm: (x, y, z) => sampleTrilinear(grid, skinDistanceMm, x, y, z, FAR_OUTSIDE_MM),
});

/** Bone as the scene holds it: signed distance in the knee frame, negative inside bone. */
export const boneOf = ({ grid, boneDistanceMm }: Scene): DistanceField => ({
  distanceMm: (x, y, z) => sampleTrilinear(grid, boneDistanceMm, x, y, z, FAR_OUTSIDE_MM),
});

/** Zeros on shared memory, so that a worker that is sent the array sees the same bytes. */
export function sharedFloat32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}

/** Zeros on shared memory. */
export function sharedUint8(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Bytes of the four arrays of a scene on this grid: 4 + 4 + 1 + 1 a voxel. Ask before allocating. */
export function sceneBytes(grid: Grid): number {
  return voxelCount(grid) * 10;
}
