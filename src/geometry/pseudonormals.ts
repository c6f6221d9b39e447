import { triangleCount, triangleNormal, type Mesh } from "./mesh.ts";

/** Normals that tell inside from outside at faces, edges and corners; vertices at equal positions count as one. */
export interface Pseudonormals {
  /** Unit normal of each triangle, xyz; zero where it has no area. */
  readonly face: Float64Array;
  /** Sum of the unit normals of the triangles at edge ab, bc, ca of each triangle: 9 numbers a triangle. */
  readonly edge: Float64Array;
  /** Sum of unit normals weighted by the angle at the vertex, xyz per vertex. */
  readonly vertex: Float64Array;
}

/** Baerentzen & Aanaes, IEEE TVCG 11 (2005) 243-253. Right for closed meshes; for sheets, the side of the sheet. */
export function pseudonormals(mesh: Mesh): Pseudonormals {
  const { positions, triangles } = mesh;
  const count = triangleCount(mesh);
  const same = weld(positions);
  const face = new Float64Array(3 * count),
    vertex = new Float64Array(positions.length);
  const edges = createEdgeSlots(3 * count),
    edgeSlot = new Uint32Array(3 * count),
    vertexCount = positions.length / 3;
  const sums = new Float64Array(9 * count);
  for (let i = 0; i < count; i++) {
    const n = triangleNormal(mesh, i),
      length = Math.hypot(...n);
    if (length > 0) for (let axis = 0; axis < 3; axis++) face[3 * i + axis] = n[axis as 0 | 1 | 2] / length;
    for (let corner = 0; corner < 3; corner++) {
      const v = same[triangles[3 * i + corner]!]!,
        next = same[triangles[3 * i + ((corner + 1) % 3)]!]!,
        last = same[triangles[3 * i + ((corner + 2) % 3)]!]!;
      const slot = (edgeSlot[3 * i + corner] = edges(Math.min(v, next), Math.max(v, next)));
      const angle = angleAt(positions, v, next, last);
      for (let axis = 0; axis < 3; axis++) {
        sums[3 * slot + axis]! += face[3 * i + axis]!;
        vertex[3 * v + axis]! += angle * face[3 * i + axis]!;
      }
    }
  }
  const edge = new Float64Array(9 * count);
  for (let e = 0; e < 3 * count; e++)
    for (let axis = 0; axis < 3; axis++) edge[3 * e + axis] = sums[3 * edgeSlot[e]! + axis]!;
  for (let v = 0; v < vertexCount; v++) if (same[v] !== v) vertex.copyWithin(3 * v, 3 * same[v]!, 3 * same[v]! + 3);
  return { face, edge, vertex };
}

/** For each vertex the first one at exactly the same position. */
function weld(positions: Readonly<Float32Array>): Uint32Array {
  const count = positions.length / 3,
    table = emptyTable(count);
  const at = new Float32Array(3),
    bits = new Int32Array(at.buffer);
  return Uint32Array.from({ length: count }, (_, v) => {
    // + 0 makes −0 and 0 one position
    for (let axis = 0; axis < 3; axis++) at[axis] = positions[3 * v + axis]! + 0;
    for (let slot = mix(mix(bits[0]!, bits[1]!), bits[2]!); ; slot++) {
      const known = table[(slot &= table.length - 1)]!;
      if (known < 0) return (table[slot] = v);
      if (positions[3 * known] === at[0] && positions[3 * known + 1] === at[1] && positions[3 * known + 2] === at[2])
        return known;
    }
  });
}

/** Numbers pairs of vertices (the lower one first) in the order in which they are first asked for. */
function createEdgeSlots(most: number): (low: number, high: number) => number {
  const table = emptyTable(most),
    lows = new Uint32Array(most),
    highs = new Uint32Array(most);
  let count = 0;
  return (low, high) => {
    for (let slot = mix(low, high); ; slot++) {
      const known = table[(slot &= table.length - 1)]!;
      if (known < 0) {
        lows[count] = low;
        highs[count] = high;
        return (table[slot] = count++);
      }
      if (lows[known] === low && highs[known] === high) return known;
    }
  };
}

/** Open addressing, at most half full; −1 where nothing is. */
const emptyTable = (most: number): Int32Array => new Int32Array(2 ** Math.ceil(Math.log2(2 * most + 2))).fill(-1);

/** Spreads two integers over all 32 bits (multiplications as in MurmurHash3's finaliser, A. Appleby, public domain). */
function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function angleAt(p: Readonly<Float32Array>, at: number, b: number, c: number): number {
  const ux = p[3 * b]! - p[3 * at]!, uy = p[3 * b + 1]! - p[3 * at + 1]!, uz = p[3 * b + 2]! - p[3 * at + 2]!; // prettier-ignore
  const vx = p[3 * c]! - p[3 * at]!, vy = p[3 * c + 1]! - p[3 * at + 1]!, vz = p[3 * c + 2]! - p[3 * at + 2]!; // prettier-ignore
  const cross = Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
  return Math.atan2(cross, ux * vx + uy * vy + uz * vz);
}
