import type { Mesh } from "../../geometry/mesh.ts";

/** What a format's parser gives: the mesh as stored, and the text in which the coordinate system may be marked. */
export interface ParsedMesh {
  readonly mesh: Mesh;
  readonly marker: string;
  readonly vertexScalars?: ReadonlyMap<string, Float32Array>;
  readonly warnings: readonly string[];
}
