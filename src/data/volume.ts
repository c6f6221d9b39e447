import type { Grid } from "../geometry/grid.ts";

/** Gray values or probabilities on a grid in the reference frame, x fastest. */
export interface Volume {
  readonly grid: Grid;
  readonly values: Uint8Array | Float32Array;
  /** How much was seen in each voxel: 0 is a hole (or was, before hole filling); the unit is pixels. */
  readonly weight: Float32Array;
}
