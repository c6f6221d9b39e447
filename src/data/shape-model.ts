import type { Mesh } from "../geometry/mesh.ts";
import type { BoneName } from "./surface.ts";

/** Bones that keep their places to one another and so have one shape: tibia and fibula are the shank. */
export type ShapeBody = "femur" | "shank" | "patella";

/**
 * A statistical shape: vertex v of a right-sided body lies at mean + Σ bₖ · modeₖ, with bₖ normal and of unit variance.
 * Frame of the body: x to the patient's right, y anterior, z proximal, mm; its origin is near the joint.
 */
export interface ShapeModel {
  readonly body: ShapeBody;
  /** Which vertices and triangles belong to which bone; they follow one another without gap. */
  readonly bones: readonly {
    readonly name: BoneName;
    readonly vertices: number;
    readonly triangles: number;
  }[];
  /** Closed and outward, all bones of the body. */
  readonly mean: Mesh;
  /** Interleaved xyz of the points that the operator can touch; behind the vertices in the modes. */
  readonly landmarks: readonly { readonly name: string; readonly meanMm: readonly [number, number, number] }[];
  /** One array a mode: xyz a vertex, then xyz a landmark, mm at one standard deviation. Largest variance first. */
  readonly modes: readonly Float32Array[];
  /** Variance per coordinate that the modes leave out, as a standard deviation, mm. */
  readonly residualSdMm: number;
  /** 1 where a shaft was cut off: no surface of bone. One number a triangle. */
  readonly cap: Uint8Array;
}

/** A landmark of the model (its index) that the operator touched, in the sheet's frame, mm. */
export interface TouchedPoint {
  readonly landmark: number;
  readonly positionMm: readonly [number, number, number];
}

/** A shape to fit, and where the fit begins. */
export interface ShapeStart {
  /** Of the scanned knee's side: a left knee has mirrored shapes. */
  readonly model: ShapeModel;
  /** Rigid, row-major 3×4, frame of the sheets to the body's. */
  readonly bodyFromReference: Readonly<Float64Array>;
  readonly touched: readonly TouchedPoint[];
}
