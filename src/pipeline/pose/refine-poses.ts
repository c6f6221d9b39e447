import type { BoneMasks } from "../../data/bone-mask.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { StageContext } from "../stage.ts";
import type { RecoveredPoses } from "./recover-poses.ts";

export interface RefineInput {
  readonly recovered: RecoveredPoses;
  /** Of the recovered frames, in their order. */
  readonly masks: BoneMasks;
  /** What the operator touched, in the reference frame. */
  readonly points: readonly DigitisedPoint[];
}

/** Betters the poses of all sweeps together. Frames and their order stay as they are. */
export type RefinePoses = (input: RefineInput, context: StageContext) => Promise<RecoveredPoses>;
