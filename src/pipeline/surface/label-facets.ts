import type { Mesh } from "../../geometry/mesh.ts";
import { type Facets } from "./sheet-facets.ts";

/** Over this distance along a smooth surface what is known of one facet speaks for another, mm. */
const REACH_MM = 8;
/** Where neighbours form a valley of this angle (rad) they speak for each other with 1/e: bones meet in valleys. */
const VALLEY_RAD = 0.15;
/** Over-relaxation, and when to stop: half-way memberships are what decides, so a thousandth is enough. */
const RELAXATION = 1.85;
const SWEEPS = 120;
const SETTLED = 1e-3;

/**
 * Random walks with priors (Grady 2005): of all smooth memberships, the one nearest to the given ones, where "smooth"
 * means equal across edges, but for edges in a valley. Solved by successive over-relaxation. Returns the likeliest bone of each
 * facet. `memberships` holds `labels` numbers a facet.
 */
export function labelFacets(
  mesh: Mesh,
  facets: Facets,
  memberships: Readonly<Float64Array>,
  labels: number,
): Uint8Array {
  const { start, neighbour, conductance } = neighbours(mesh, facets);
  const p = Float64Array.from(memberships);
  const sums = new Float64Array(labels);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let change = 0;
    for (let i = 0; i < facets.count; i++) {
      const own = facets.areaMm2[i]! / REACH_MM ** 2 + 1e-9;
      let total = own;
      for (let l = 0; l < labels; l++) sums[l] = own * memberships[labels * i + l]!;
      for (let e = start[i]!; e < start[i + 1]!; e++) {
        const w = conductance[e]!, j = neighbour[e]! * labels; // prettier-ignore
        total += w;
        for (let l = 0; l < labels; l++) sums[l]! += w * p[j + l]!;
      }
      for (let l = 0; l < labels; l++) {
        const step = RELAXATION * (sums[l]! / total - p[labels * i + l]!);
        change = Math.max(change, Math.abs(step));
        p[labels * i + l]! += step;
      }
    }
    if (change < SETTLED) break;
  }
  return Uint8Array.from({ length: facets.count }, (_, i) => {
    let best = 0;
    for (let l = 1; l < labels; l++) if (p[labels * i + l]! > p[labels * i + best]!) best = l;
    return best;
  });
}

interface Neighbours {
  readonly start: Uint32Array;
  readonly neighbour: Uint32Array;
  readonly conductance: Float64Array;
}

/** Facets that share an edge: conductance is the edge's length over the distance of the centres, less in a valley. */
function neighbours({ positions, triangles }: Mesh, facets: Facets): Neighbours {
  const count = facets.count;
  const first = new Map<number, number>();
  const pairs: number[] = [];
  const vertices = positions.length / 3;
  for (let i = 0; i < triangles.length; i++) {
    const a = triangles[i]!, b = triangles[i % 3 === 2 ? i - 2 : i + 1]!; // prettier-ignore
    const key = Math.min(a, b) * vertices + Math.max(a, b);
    const other = first.get(key);
    if (other === undefined) first.set(key, i);
    else pairs.push(Math.floor(other / 3), Math.floor(i / 3), a, b);
  }
  const start = new Uint32Array(count + 1);
  for (let k = 0; k < pairs.length; k += 4) {
    start[pairs[k]! + 1]!++;
    start[pairs[k + 1]! + 1]!++;
  }
  for (let i = 0; i < count; i++) start[i + 1]! += start[i]!;
  const fill = start.slice(),
    neighbour = new Uint32Array(pairs.length / 2),
    conductance = new Float64Array(pairs.length / 2);
  for (let k = 0; k < pairs.length; k += 4) {
    const i = pairs[k]!, j = pairs[k + 1]!, a = 3 * pairs[k + 2]!, b = 3 * pairs[k + 3]!; // prettier-ignore
    const edge = Math.hypot(positions[a]! - positions[b]!, positions[a + 1]! - positions[b + 1]!, positions[a + 2]! - positions[b + 2]!); // prettier-ignore
    const w = edge * valley(facets, i, j);
    for (const [from, to] of [[i, j], [j, i]] as const) {
      neighbour[fill[from]!] = to;
      conductance[fill[from]!++] = w;
    } // prettier-ignore
  }
  return { start, neighbour, conductance };
}

/** 1 / distance of two neighbouring centres where they form a plane or a ridge, less where they form a valley. */
function valley({ centre, normal }: Facets, i: number, j: number): number {
  let apart2 = 0, rise = 0; // prettier-ignore
  for (let axis = 0; axis < 3; axis++) {
    const d = centre[3 * j + axis]! - centre[3 * i + axis]!;
    apart2 += d * d;
    rise += d * (normal[3 * i + axis]! - normal[3 * j + axis]!);
  }
  const apart = Math.sqrt(apart2) || 1e-6;
  // The turn of the normals towards each other, rad.
  const turn = Math.max(0, rise / apart);
  return Math.exp(-((turn / VALLEY_RAD) ** 2)) / apart;
}
