import { vertexCount, type Mesh } from "./mesh.ts";

export interface TaubinOptions {
  /** Pairs of a shrinking and a growing step. */
  readonly passes: number;
  /** Share of the way to the mean of the neighbours in the shrinking step, 0 … 1. */
  readonly lambda: number;
  /** Likewise in the growing step: negative, a little larger than `lambda`. */
  readonly mu: number;
}

/** Pass band 1/λ + 1/μ = 0.1: waves longer than about ten edges keep their size (Taubin 1995). */
export const taubinDefaults: TaubinOptions = { passes: 5, lambda: 0.5, mu: -0.5263157894736842 };

/**
 * Smooths without shrinking (Taubin, SIGGRAPH 1995). Vertices on an open edge move along that edge only, so a sheet
 * keeps its extent.
 */
export function taubinSmooth(mesh: Mesh, { passes, lambda, mu }: TaubinOptions = taubinDefaults): Mesh {
  const { start, neighbours } = neighbourhoods(mesh);
  let from = Float64Array.from(mesh.positions),
    to = new Float64Array(from.length);
  for (let pass = 0; pass < 2 * passes; pass++) {
    const factor = pass % 2 === 0 ? lambda : mu;
    for (let v = 0; v < start.length - 1; v++) {
      const begin = start[v]!, end = start[v + 1]!, n = end - begin; // prettier-ignore
      let x = 0, y = 0, z = 0; // prettier-ignore
      for (let k = begin; k < end; k++) {
        const w = 3 * neighbours[k]!;
        x += from[w]!;
        y += from[w + 1]!;
        z += from[w + 2]!;
      }
      const keep = n > 0 ? 1 - factor : 1, share = n > 0 ? factor / n : 0; // prettier-ignore
      to[3 * v] = keep * from[3 * v]! + share * x;
      to[3 * v + 1] = keep * from[3 * v + 1]! + share * y;
      to[3 * v + 2] = keep * from[3 * v + 2]! + share * z;
    }
    [from, to] = [to, from];
  }
  return { positions: Float32Array.from(from), triangles: mesh.triangles };
}

/**
 * The neighbours of vertex v are `neighbours[start[v] … start[v + 1] − 1]`: all that share an edge with it, or, where v
 * lies on an open edge, the two next to it along that edge.
 */
function neighbourhoods(mesh: Mesh): { start: Uint32Array; neighbours: Uint32Array } {
  const { triangles } = mesh,
    count = vertexCount(mesh);
  // Each triangle tells each corner a → b → c of b and c. An inner edge is told twice, an open one once.
  const degree = new Uint32Array(count + 1);
  for (const v of triangles) degree[v + 1]! += 2;
  for (let v = 0; v < count; v++) degree[v + 1]! += degree[v]!;
  const told = new Uint32Array(2 * triangles.length),
    fill = degree.slice();
  for (let i = 0; i < triangles.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const v = triangles[i + c]!;
      told[fill[v]!++] = triangles[i + ((c + 1) % 3)]!;
      told[fill[v]!++] = triangles[i + ((c + 2) % 3)]!;
    }
  }
  const start = new Uint32Array(count + 1),
    neighbours = new Uint32Array(told.length);
  let length = 0;
  for (let v = 0; v < count; v++) {
    const around = told.subarray(degree[v]!, degree[v + 1]!).sort();
    let open = false;
    for (let k = 0; k < around.length && !open;) {
      let same = k + 1;
      while (same < around.length && around[same] === around[k]) same++;
      open = same - k === 1;
      k = same;
    }
    for (let k = 0; k < around.length;) {
      let same = k + 1;
      while (same < around.length && around[same] === around[k]) same++;
      if (!open || same - k === 1) neighbours[length++] = around[k]!;
      k = same;
    }
    start[v + 1] = length;
  }
  return { start, neighbours: neighbours.slice(0, length) };
}
