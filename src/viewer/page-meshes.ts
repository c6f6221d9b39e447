import type { PageMesh } from "../data/report-page.ts";
import type { Mesh } from "../geometry/mesh.ts";
import { unpackMesh } from "../geometry/packed-mesh.ts";
import { inflate, inflateValues } from "./packed-bytes.ts";

/** Per-vertex arrays as in `PageMesh`. */
export interface LoadedMesh {
  readonly bone: string;
  readonly role: "result" | "truth";
  readonly mesh: Mesh;
  readonly errorMm: Float32Array | null;
  readonly reachable: Uint8Array | null;
  readonly observations: Float32Array | null;
  readonly sdMm: Float32Array | null;
}

export async function loadMesh(page: PageMesh): Promise<LoadedMesh> {
  return {
    bone: page.bone,
    role: page.role,
    mesh: unpackMesh(page, await inflate(page.geometry)),
    errorMm: await inflateValues(page.errorMm),
    reachable: page.reachable === null ? null : await inflate(page.reachable),
    observations: await inflateValues(page.observations),
    sdMm: await inflateValues(page.sdMm),
  };
}
