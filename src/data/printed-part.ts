import type { Mesh } from "../geometry/mesh.ts";
import type { BoneName } from "./surface.ts";

type Point = readonly [number, number, number];

/**
 * What is known of a printed part: the drawing, not the print. Frame `phantom`: the axes of files (LPS as the knee lay:
 * x to the patient's left, y to the back, z up), mm; the part's STL, its PLUS definition and this have the same numbers.
 */
export interface PrintedTruth {
  readonly name: string;
  /** Closed, cut to what was printed. */
  readonly bones: readonly { readonly name: BoneName; readonly mesh: Mesh }[];
  /** Tips of the conical holes that the stylus is set into. */
  readonly divots: readonly { readonly name: string; readonly positionMm: Point }[];
  /** Anatomical points on the printed bones. */
  readonly landmarks: readonly { readonly name: string; readonly bone: BoneName; readonly positionMm: Point }[];
  /** Middle lines of the wires that are strung through the frame. */
  readonly patterns: readonly {
    readonly type: "NWire";
    readonly wires: readonly { readonly name: string; readonly frontMm: Point; readonly backMm: Point }[];
  }[];
  /** Where the bones were cut: no surface of bone. z, mm. */
  readonly cutsMm: readonly [number, number];
}

/** A printed triangle whose corners all lie this near to a cut is part of it. */
const CUT_MM = 0.05;

/** 1 for triangles of the cut ends. */
export function cutTriangles({ positions, triangles }: Mesh, cutsMm: readonly [number, number]): Uint8Array {
  return Uint8Array.from({ length: triangles.length / 3 }, (_, i) =>
    cutsMm.some((cut) => [0, 1, 2].every((c) => Math.abs(positions[3 * triangles[3 * i + c]! + 2]! - cut) < CUT_MM))
      ? 1
      : 0,
  );
}
