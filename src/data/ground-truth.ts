import type { DistanceField } from "../geometry/distance-field.ts";
import type { Mesh } from "../geometry/mesh.ts";
import type { Calibration } from "./calibration.ts";
import type { PrintedTruth } from "./printed-part.ts";
import type { BoneName } from "./surface.ts";

export interface TrueBone {
  readonly name: BoneName;
  /** Closed, outward; in the reference frame of the recording, mm. */
  readonly mesh: Mesh;
  readonly distance: DistanceField;
  /** Per triangle: how many frames' rays hit it unshadowed, in depth, with incidence within the limit. */
  readonly insonified: Uint16Array;
  /** Anatomical region number of each triangle, an index into `regionNames`. */
  readonly region: Uint8Array;
  readonly regionNames: readonly string[];
}

export interface Landmark {
  readonly name: string;
  readonly bone: BoneName;
  readonly positionMm: readonly [number, number, number];
}

/** A directed line on a bone, between two points of it. */
export interface Axis {
  readonly name: string;
  readonly bone: BoneName;
  readonly fromMm: readonly [number, number, number];
  readonly toMm: readonly [number, number, number];
}

export interface Angle {
  readonly name: string;
  readonly deg: number;
}

/** What only a simulator knows of how each image came about. Parallel arrays, one entry an image. */
export interface AcquisitionTruth {
  /** When its echoes were made, seconds of the host's clock. */
  readonly echoAtS: Float64Array;
  /** Which of the distinct pictures it is: an image with the number of the one before is the same picture once more. */
  readonly picture: Uint32Array;
  /** Force of the probe's face on the skin, N; NaN where the operator is not modelled as a body. */
  readonly contactForceN: Float32Array;
  /** Share of the probe's face that touches the skin, and from where to where along the face, mm; NaN without contact. */
  readonly contactShare: Float32Array;
  readonly contactFromMm: Float32Array;
  readonly contactToMm: Float32Array;
  /** True poses of the bones' own frames (docs/frames.md) in the tracker's, 12 numbers an image. */
  readonly trackerFromFemur: Float64Array;
  readonly trackerFromTibia: Float64Array;
}

/** What is known of the body that was scanned, in the reference frame. */
export interface TrueBody {
  readonly bones: readonly TrueBone[];
  readonly landmarks: readonly Landmark[];
  readonly axes: readonly Axis[];
  readonly angles: readonly Angle[];
  /** What the truth leaves out, in sentences; printed in the report. */
  readonly notModelled: readonly string[];
}

/** Written by the simulator, read by the metrics; the pipeline has no parameter through which it could enter. */
export interface GroundTruth extends TrueBody {
  readonly calibration: Calibration;
  /** Per image of the recording, 12 numbers: row-major 3×4, pixel (column, row, 0) to the reference frame, mm. */
  readonly referenceFromPixel: Float64Array;
  /**
   * Row where the beam first meets bone in each column of image `index`; NaN where it meets none in depth or the
   * probe has no contact. One number a column.
   */
  trueRidge(index: number): Float32Array;
  readonly acquisition: AcquisitionTruth;
  /** The drawing of the printed part that was scanned, if it was one. */
  readonly printed?: PrintedTruth;
}
