import type { Landmark } from "../../data/ground-truth.ts";
import type { BoneName } from "../../data/surface.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import type { BoneSet } from "./bones.ts";
import type { KneePose } from "./motion.ts";
import type { KneeParameters } from "./parameters.ts";

/** A bone of the posed knee, in the knee frame, mm. */
export interface KneeBone {
  readonly name: BoneName;
  /** Closed, manifold, outward; edges of about 1 mm; vertices on the zero set of `distance`. */
  readonly mesh: Mesh;
  readonly distance: DistanceField;
  /** Anatomical region of each triangle, an index into `regionNames`. */
  readonly region: Uint8Array;
  readonly regionNames: readonly string[];
}

/** One right knee at one flexion angle. The knee frame is fixed to the femur. */
export interface Knee {
  readonly parameters: KneeParameters;
  readonly flexionRad: number;
  readonly bones: readonly KneeBone[];
  readonly landmarks: readonly Landmark[];
  readonly pose: KneePose;
  /** +1: lateral is +X, as in a right knee. */
  readonly lateralSign: 1;
  /** What an operator feels before scanning: see sim/operator. */
  guide(): KneeGuide;
  /** The bones before posing: pass them back to `buildKnee` to bend the same knee without building it again. */
  readonly set: BoneSet;
}

/** Palpable points and sizes in the knee frame, mm. */
export interface KneeGuide {
  readonly lateralSign: 1;
  readonly flexionRad: number;
  readonly patellaCentreMm: readonly [number, number, number];
  readonly patellaHeightMm: number;
  readonly tubercleMm: readonly [number, number, number];
  readonly tibialPlateauCentreMm: readonly [number, number, number];
  readonly epicondylarWidthMm: number;
}
