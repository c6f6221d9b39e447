import { vertexCount, type Mesh } from "../../geometry/mesh.ts";
import type { BlockSurface } from "./block-surface.ts";

/** One mesh of all blocks; vertices on the borders of blocks, which agree bit for bit, become one. */
export function weldBlocks(blocks: Iterable<BlockSurface>): BlockSurface {
  const positions: number[] = [], triangles: number[] = [], observations: number[] = [], scatterMm: number[] = []; // prettier-ignore
  const known = new Map<string, number>();
  for (const block of blocks) {
    const { mesh } = block;
    const renamed = Uint32Array.from({ length: vertexCount(mesh) }, (_, v) => {
      const [x, y, z] = mesh.positions.subarray(3 * v, 3 * v + 3) as unknown as [number, number, number];
      const key = `${x} ${y} ${z}`;
      let at = known.get(key);
      if (at === undefined) {
        known.set(key, (at = known.size));
        positions.push(x, y, z);
        observations.push(block.observations[v]!);
        scatterMm.push(block.scatterMm[v]!);
      }
      return at;
    });
    for (const v of mesh.triangles) triangles.push(renamed[v]!);
  }
  const mesh: Mesh = { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
  return { mesh, observations: Float32Array.from(observations), scatterMm: Float32Array.from(scatterMm) };
}
