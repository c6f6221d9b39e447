import type { HoleFilling } from "./options.ts";

/** One slab of hole filling. `values`, `weight` and `filled` cover the whole volume. */
export interface FillJob {
  readonly shape: readonly [number, number, number];
  readonly zBegin: number;
  readonly zEnd: number;
  readonly values: Uint8Array | Float32Array;
  /** 0: a hole. */
  readonly weight: Float32Array;
  readonly steps: readonly HoleFilling[];
  /**
   * Bit for bit as the PLUS toolkit: results are cut to integers, and a stick counts the steps behind it one too many, so
   * that the value ahead weighs too much (2/3 in the middle of a gap of one voxel). Otherwise values are not rounded and
   * a stick interpolates linearly.
   */
  readonly likePlus: boolean;
  /** Written in the slab's layers: seen voxels are copied, holes get a value or 0. */
  readonly filled: Uint8Array | Float32Array;
}

/** One step of hole filling, made ready for a slab. */
export interface Filler {
  /**
   * The value of a hole, or NaN when the step does not apply. The hole is `at` of the mask, `voxel` of the volume and
   * `inLayer` of one layer of the mask.
   */
  readonly value: (at: number, voxel: number, inLayer: number) => number;
  /** It cannot apply where fewer than `needed` voxels of the cube of this radius are seen. */
  readonly radius: number;
  readonly needed: number;
  /** Called before each of the slab's layers. */
  readonly nextLayer: () => void;
}
