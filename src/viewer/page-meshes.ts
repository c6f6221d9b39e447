import type { PackedBytes, PackedValues, PageMesh } from "../data/report-page.ts";
import type { Mesh } from "../geometry/mesh.ts";
import { unpackMesh, unpackValues } from "../geometry/packed-mesh.ts";

export interface LoadedMesh {
  readonly bone: string;
  readonly role: "result" | "truth";
  readonly mesh: Mesh;
  readonly errorMm: Float32Array | null;
  readonly reachable: Uint8Array | null;
}

async function inflate(packed: PackedBytes): Promise<Uint8Array> {
  const compressed = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const values = async (packed: PackedValues | null): Promise<Float32Array | null> =>
  packed && unpackValues(packed.step, await inflate(packed.bytes));

export async function loadMesh(page: PageMesh): Promise<LoadedMesh> {
  return {
    bone: page.bone,
    role: page.role,
    mesh: unpackMesh(page, await inflate(page.geometry)),
    errorMm: await values(page.errorMm),
    reachable: page.reachable === null ? null : await inflate(page.reachable),
  };
}
