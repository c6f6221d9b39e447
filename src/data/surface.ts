import { selectTriangles, type Mesh } from "../geometry/mesh.ts";

export type BoneName = "femur" | "tibia" | "patella" | "fibula";
export const boneNames: readonly BoneName[] = ["femur", "tibia", "patella", "fibula"];

/** A reconstructed bone: an open sheet where ultrasound saw only the near side. In the reference frame. */
export interface Surface {
  readonly bone: BoneName | "bone";
  readonly mesh: Mesh;
  /** Pixels that made each vertex; one number a vertex. */
  readonly observations: Float32Array;
  /** One standard deviation of each vertex's height, mm, by the scatter of the frames; absent where nobody knows. */
  readonly uncertaintyMm?: Float32Array;
  /** Parts that were removed, and why. */
  readonly removed: readonly { readonly reason: string; readonly triangles: number; readonly areaMm2: number }[];
}

/** Only the triangles that `keep` says, with what is known of their vertices. */
export function selectSurface(surface: Surface, keep: (triangle: number) => boolean): Surface {
  const { mesh, vertexSource } = selectTriangles(surface.mesh, keep);
  const chosen = (values: Float32Array): Float32Array => Float32Array.from(vertexSource, (v) => values[v]!);
  const { uncertaintyMm } = surface;
  return {
    ...surface,
    mesh,
    observations: chosen(surface.observations),
    ...(uncertaintyMm ? { uncertaintyMm: chosen(uncertaintyMm) } : {}),
  };
}
