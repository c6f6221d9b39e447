/** The public surface: re-exports only. */
export type { Frame, Rigid } from "./core/rigid.ts";
export { compose, identity, invert } from "./core/rigid.ts";
export { FormatError, UnsuitableInputError } from "./core/errors.ts";
export { createRng } from "./core/rng.ts";
export type { Rng } from "./core/rng.ts";
export type { Grid } from "./geometry/grid.ts";
export type { Mesh } from "./geometry/mesh.ts";
export type * from "./data/device.ts";
export type * from "./data/image.ts";
export type * from "./data/recording.ts";
export type * from "./data/calibration.ts";
export type * from "./data/tracked-frames.ts";
export type * from "./data/bone-mask.ts";
export type * from "./data/volume.ts";
export type * from "./data/surface.ts";
export type * from "./data/ground-truth.ts";
export type * from "./data/measurement.ts";
export type { Stage, StageContext } from "./pipeline/stage.ts";
