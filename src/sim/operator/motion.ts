import type { Rigid } from "../../core/rigid.ts";

/** One stroke as it was made: its name and when it began and ended, seconds of the host clock. */
export interface MadeStroke {
  readonly name: string;
  readonly fromS: number;
  readonly toS: number;
}

/** The true motion of the image frame relative to the knee: continuous in time, so that any device may sample it. */
export interface ProbeMotion {
  readonly sweeps: readonly MadeStroke[];
  readonly durationS: number;
  /** Relative to the femur as it is at that time. */
  kneeFromImage(timeS: number): Rigid<"knee", "image">;
  /** Relative to the tissue at the image, in the leg as it was modelled: differs while the knee is bent otherwise. */
  sceneFromImage(timeS: number): Rigid<"knee", "image">;
  /** Force with which the face presses on the skin, N; undefined where the operator is not modelled as a body. */
  readonly contactForceN?: (timeS: number) => number;
}
