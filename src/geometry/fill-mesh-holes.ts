import type { Mesh } from "./mesh.ts";

/** A mesh whose small holes are closed, and what closed them. */
export interface FilledMesh {
  readonly mesh: Mesh;
  /** One vertex in the middle of each hole, after the mesh's own. */
  readonly added: number;
}

/** Closes every hole whose rim is no longer than `maxRimMm` with a fan about its middle, facing as the mesh around it. */
export function fillMeshHoles({ positions, triangles }: Mesh, maxRimMm: number): FilledMesh {
  const rims = openRims(triangles).filter((rim) => rimLength(positions, rim) <= maxRimMm);
  const own = positions.length / 3;
  const grown = new Float32Array(positions.length + 3 * rims.length);
  grown.set(positions);
  const fans: number[] = [];
  rims.forEach((rim, r) => {
    for (let axis = 0; axis < 3; axis++) {
      grown[3 * (own + r) + axis] = rim.reduce((sum, v) => sum + positions[3 * v + axis]!, 0) / rim.length;
    }
    // The rim runs as its triangles do, so the fan runs against it.
    rim.forEach((v, i) => fans.push(rim[(i + 1) % rim.length]!, v, own + r));
  });
  const all = new Uint32Array(triangles.length + fans.length);
  all.set(triangles);
  all.set(fans, triangles.length);
  return { mesh: { positions: grown, triangles: all }, added: rims.length };
}

/** Closed runs of open edges, each vertex once; a run that touches itself is left out. */
function openRims(triangles: Uint32Array): number[][] {
  const next = new Map<number, number>();
  const edges = new Set<string>();
  for (let i = 0; i < triangles.length; i++) {
    edges.add(`${triangles[i]} ${triangles[i % 3 === 2 ? i - 2 : i + 1]}`);
  }
  const torn = new Set<number>();
  for (let i = 0; i < triangles.length; i++) {
    const a = triangles[i]!, b = triangles[i % 3 === 2 ? i - 2 : i + 1]!; // prettier-ignore
    if (edges.has(`${b} ${a}`)) continue;
    if (next.has(a)) torn.add(a);
    next.set(a, b);
  }
  const rims: number[][] = [];
  const done = new Set<number>();
  for (const start of next.keys()) {
    if (done.has(start)) continue;
    const rim: number[] = [];
    let v: number | undefined = start;
    while (v !== undefined && !done.has(v)) {
      done.add(v);
      rim.push(v);
      v = next.get(v);
    }
    if (v === start && !rim.some((w) => torn.has(w))) rims.push(rim);
  }
  return rims;
}

function rimLength(p: Float32Array, rim: readonly number[]): number {
  return rim.reduce((sum, v, i) => {
    const w = rim[(i + 1) % rim.length]!;
    return sum + Math.hypot(p[3 * v]! - p[3 * w]!, p[3 * v + 1]! - p[3 * w + 1]!, p[3 * v + 2]! - p[3 * w + 2]!);
  }, 0);
}
