import { identity, type Rigid } from "../../core/rigid.ts";
import type { Angle, Landmark } from "../../data/ground-truth.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { PrintedTruth } from "../../data/printed-part.ts";
import { anglesOf } from "../knee/axes.ts";
import { buildScene, type SceneOptions } from "../knee/build-scene.ts";
import { type Knee, type KneeBone, notModelledInKnee } from "../knee/knee.ts";
import type { PatientGuide } from "../operator/sweep-plan.ts";
import type { Scene } from "../scene.ts";

/** What a simulation needs of a knee, however it was made. In the knee frame, mm. */
export interface Phantom {
  readonly bones: readonly KneeBone[];
  readonly landmarks: readonly Landmark[];
  readonly angles: readonly Angle[];
  readonly pose: { readonly kneeFromTibia: Rigid<"knee", "tibia"> };
  /** +1: lateral is +X, a right knee; −1: a left one. */
  readonly lateralSign: 1 | -1;
  guide(): PatientGuide;
  scene(options: SceneOptions): Scene;
  /** From the axes (RAS) of the files to the knee frame; the identity for a knee that came from no file. */
  readonly kneeFromFile: Rigid<"knee", "reference">;
  /** Where the face of the probe runs, when that is not the skin: negative within, knee frame, mm. */
  readonly probePath?: DistanceField;
  /** What the drawing says of it, when it is a printed part. */
  readonly printed?: PrintedTruth;
  /** What was odd about the input and how it was dealt with, in sentences. */
  readonly warnings: readonly string[];
  /** What was found on the way, in sentences. */
  readonly notes: readonly string[];
  /** What the phantom leaves out, in sentences. */
  readonly notModelled: readonly string[];
}

export function parametricPhantom(knee: Knee): Phantom {
  return {
    bones: knee.bones,
    landmarks: knee.landmarks,
    angles: anglesOf(knee.parameters, knee.flexionRad),
    pose: knee.pose,
    lateralSign: knee.lateralSign,
    guide: () => knee.guide(),
    scene: (options) => buildScene(knee, options),
    kneeFromFile: identity(),
    warnings: [],
    notes: [],
    notModelled: notModelledInKnee,
  };
}
