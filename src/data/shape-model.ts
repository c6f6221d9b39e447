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
