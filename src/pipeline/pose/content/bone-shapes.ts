import type { DigitisedPoint } from "../../../data/recording.ts";
import type { ShapeModel, ShapeStart } from "../../../data/shape-model.ts";
import type { Surface } from "../../../data/surface.ts";

/** Points in the frame of a body, with the side that they face; interleaved xyz, mm. */
export interface BodyPoints {
  readonly count: number;
  readonly position: Float64Array;
  readonly normal: Float64Array;
}

/** Which place of the shape each point lies on or over. Parallel arrays; points without a partner are not there. */
export interface ShapeMatches {
  readonly count: number;
  readonly point: Uint32Array;
  readonly triangle: Uint32Array;
  /** Weights of the triangle's corners; and the shape's unit normal there. */
  readonly corner: Float64Array;
  readonly normal: Float64Array;
  readonly distanceMm: Float64Array;
}

/**
 * What the completion stage knows of bones, handed to this stage by the one that knows both. Nothing of it has seen more
 * than the sheets, the touched points and the shapes.
 */
export interface BoneShapes {
  /** Bodies of which something was seen or touched. Empty, with the reason, where nothing tells how the knee lies. */
  start(
    surfaces: readonly Surface[],
    points: readonly DigitisedPoint[],
  ): { readonly starts: readonly ShapeStart[]; readonly missing: readonly string[] };
  /** Partners on the shape with these coefficients that lie within `gateMm` and face the same way. */
  match(model: ShapeModel, coefficients: Readonly<Float64Array>, points: BodyPoints, gateMm: number): ShapeMatches;
}
