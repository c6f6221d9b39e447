import Manifold, { type Manifold as Solid } from "manifold-3d";
import type { Mesh } from "./mesh.ts";

export type { Manifold as Solid } from "manifold-3d";
type ManifoldModule = Awaited<ReturnType<typeof Manifold>>;
let loading: Promise<ManifoldModule> | undefined;

/** The WebAssembly module, compiled once; it holds no state between calls. Solids are freed by their `delete`. */
export async function manifoldModule(): Promise<ManifoldModule> {
  loading ??= Manifold().then((module) => {
    module.setup();
    return module;
  });
  return loading;
}

/** Throws what manifold-3d throws when the mesh is not closed. */
export function solidOf({ Manifold: Solid, Mesh: SolidMesh }: ManifoldModule, { positions, triangles }: Mesh): Solid {
  return Solid.ofMesh(new SolidMesh({ numProp: 3, vertProperties: positions, triVerts: triangles }));
}

/** Closed, outward, vertices joined. */
export function meshOfSolid(solid: Solid): Mesh {
  const { vertProperties, triVerts, numProp } = solid.getMesh();
  const vertices = vertProperties.length / numProp;
  const positions = new Float32Array(3 * vertices);
  for (let v = 0; v < vertices; v++) positions.set(vertProperties.subarray(v * numProp, v * numProp + 3), 3 * v);
  return { positions, triangles: Uint32Array.from(triVerts) };
}
