import type { Mesh } from "../geometry/mesh.ts";
import type { BoneName } from "./surface.ts";

/** A whole bone made of what was seen of it and of how such bones are shaped. In the reference frame, mm. */
export interface CompletedBone {
  readonly bone: BoneName;
  /** Closed and outward. */
  readonly mesh: Mesh;
  /** Standard deviation of each vertex's place along the surface's normal, mm. */
  readonly uncertaintyMm: Float32Array;
  /** 1 where the surface lies next to something that was seen; one number a vertex. */
  readonly seen: Uint8Array;
}

/** What the completion made of a knee, and how well the shape describes what was seen. */
export interface Completion {
  readonly bones: readonly CompletedBone[];
  readonly fits: readonly {
    readonly body: string;
    /** RMS distance of the seen sheet to the fitted shape before and after the residual warp, mm. */
    readonly shapeRmsMm: number;
    readonly warpedRmsMm: number;
    /** Share of the seen sheet that was taken for something else. */
    readonly outlierShare: number;
    /** Length of the coefficients over its expectation √modes: above 1 the bone is less usual than most. */
    readonly unusual: number;
  }[];
  /** Why a body has no completion, in sentences. */
  readonly skipped: readonly string[];
}

export const noCompletion: Completion = { bones: [], fits: [], skipped: [] };
