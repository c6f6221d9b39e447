import type { BoneMasks } from "../../data/bone-mask.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { Surface } from "../../data/surface.ts";
import type { StageContext } from "../stage.ts";
import type { RecoveredPoses } from "./recover-poses.ts";

export interface RefineInput {
  readonly recovered: RecoveredPoses;
  /** Of the recovered frames, in their order. */
  readonly masks: BoneMasks;
  /** What the operator touched, in the reference frame. */
  readonly points: readonly DigitisedPoint[];
  /** The sheets that poses give (the recovered ones when left out), told apart by those points; made when asked for. */
  sheets(poses?: RecoveredPoses): Promise<readonly Surface[]>;
}

/** Betters the poses of all sweeps together. Frames and their order stay as they are. */
export type RefinePoses = (input: RefineInput, context: StageContext) => Promise<RecoveredPoses>;
