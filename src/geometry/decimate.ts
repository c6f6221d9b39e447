import { MeshoptSimplifier } from "meshoptimizer";
import { type Mesh, selectTriangles } from "./mesh.ts";

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

/** Collapsing edges can glue two sheets together; where it did, it is done again with those places held. */
const ATTEMPTS = 12;

/**
 * Collapses edges (Garland and Heckbert 1997, by meshoptimizer) until `maxErrorMm` is reached, then, if there are more
 * than `maxTriangles`, until there are no more than those. A manifold stays one, with its border; vertices are vertices
 * of the input.
 */
export async function decimate(mesh: Mesh, options: DecimateOptions): Promise<Decimated> {
  await MeshoptSimplifier.ready;
  const isManifold = gluedEdges(mesh).length === 0;
  const held = new Uint8Array(mesh.positions.length / 3);
  for (let attempt = 0; ; attempt++) {
    const { triangles, errorMm } = collapse(mesh, held, options);
    const glued = isManifold ? gluedEdges({ positions: mesh.positions, triangles }) : [];
    if (glued.length === 0 || attempt === ATTEMPTS) {
      const kept = glued.length === 0 ? triangles : mesh.triangles;
      return {
        mesh: selectTriangles({ positions: mesh.positions, triangles: kept }, () => true).mesh,
        errorMm: glued.length === 0 ? errorMm : 0,
      };
    }
    holdAround(mesh.triangles, glued, held);
  }
}

function collapse(
  { positions, triangles }: Mesh,
  held: Uint8Array,
  { maxTriangles, maxErrorMm }: DecimateOptions,
): { readonly triangles: Uint32Array; readonly errorMm: number } {
  const simplify = (from: Uint32Array, target: number, errorMm: number): [Uint32Array, number] =>
    MeshoptSimplifier.simplifyWithAttributes(
      from, positions, 3, new Float32Array(positions.length / 3), 1, [0], held, 3 * target, errorMm, ["ErrorAbsolute"],
    ); // prettier-ignore
  const [first, firstErrorMm] = simplify(triangles, 4, maxErrorMm);
  if (first.length / 3 <= maxTriangles) return { triangles: first, errorMm: firstErrorMm };
  const [second, secondErrorMm] = simplify(triangles, maxTriangles, Number.MAX_VALUE);
  return { triangles: second, errorMm: secondErrorMm };
}

/** Ends, in pairs, of edges with more than two triangles, or with two that run through them the same way. */
function gluedEdges({ positions, triangles }: Mesh): number[] {
  const vertices = positions.length / 3;
  const seen = new Set<number>(),
    glued: number[] = [];
  for (let i = 0; i < triangles.length; i++) {
    const from = triangles[i]!,
      to = triangles[i % 3 === 2 ? i - 2 : i + 1]!,
      way = from * vertices + to;
    if (seen.has(way)) glued.push(from, to);
    seen.add(way);
  }
  return glued;
}

/** The ends of these edges and their neighbours in the input stay where they are. */
function holdAround(triangles: Readonly<Uint32Array>, ends: readonly number[], held: Uint8Array): void {
  const centre = new Set(ends);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    if (centre.has(a) || centre.has(b) || centre.has(c)) held[a] = held[b] = held[c] = 1;
  }
}
