import { MeshoptSimplifier } from "meshoptimizer";
import type { Mesh } from "./mesh.ts";

export interface DecimateOptions {
  /** Fewer triangles than this are not asked for. */
  readonly maxTriangles: number;
  /** Largest distance between the two surfaces that may be traded for fewer triangles, mm. */
  readonly maxErrorMm: number;
}

export interface Decimated {
  readonly mesh: Mesh;
  /** Estimated distance between the surfaces, mm. */
  readonly errorMm: number;
}

/**
 * Collapses edges (Garland and Heckbert 1997, by meshoptimizer) until `maxErrorMm` is reached, then, if there are more
 * than `maxTriangles`, until there are no more than those. Keeps the topology and the border; vertices are vertices of
 * the input.
 */
export async function decimate(mesh: Mesh, { maxTriangles, maxErrorMm }: DecimateOptions): Promise<Decimated> {
  await MeshoptSimplifier.ready;
  const simplify = (triangles: Uint32Array, target: number, errorMm: number): [Uint32Array, number] =>
    MeshoptSimplifier.simplify(triangles, mesh.positions, 3, 3 * target, errorMm, ["ErrorAbsolute"]);
  let [triangles, errorMm] = simplify(mesh.triangles, 4, maxErrorMm);
  if (triangles.length / 3 > maxTriangles) {
    const [fewer, more] = simplify(triangles, maxTriangles, Number.MAX_VALUE);
    triangles = fewer;
    errorMm = Math.max(errorMm, more);
  }
  return { mesh: compact({ positions: mesh.positions, triangles }), errorMm };
}

/** Without the vertices that no triangle names. */
export function compact({ positions, triangles }: Mesh): Mesh {
  const number = new Int32Array(positions.length / 3).fill(-1);
  const kept: number[] = [];
  const renamed = triangles.map((v) => {
    if (number[v]! < 0) {
      number[v] = kept.length / 3;
      kept.push(positions[3 * v]!, positions[3 * v + 1]!, positions[3 * v + 2]!);
    }
    return number[v]!;
  });
  return { positions: Float32Array.from(kept), triangles: renamed };
}
