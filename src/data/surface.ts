import type { Mesh } from "../geometry/mesh.ts";

export type BoneName = "femur" | "tibia" | "patella" | "fibula";
export const boneNames: readonly BoneName[] = ["femur", "tibia", "patella", "fibula"];

/** A reconstructed bone: an open sheet where ultrasound saw only the near side. In the reference frame. */
export interface Surface {
  readonly bone: BoneName | "bone";
  readonly mesh: Mesh;
  /** Pixels that made each vertex; one number a vertex. */
  readonly observations: Float32Array;
  /** Parts that were removed, and why. */
  readonly removed: readonly { readonly reason: string; readonly triangles: number; readonly areaMm2: number }[];
}
