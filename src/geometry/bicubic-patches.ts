import type { QuadMesh } from "./quad-cage.ts";

/**
 * One bicubic Bézier patch a face of a cage. Neighbours share their boundary curves' points by number, so there is no
 * gap; where four faces meet they join with continuous curvature, elsewhere nearly smoothly.
 */
export interface BicubicPatches {
  /** Interleaved xyz, mm. */
  readonly points: Float64Array;
  /** Sixteen points a patch, row by row: [u = 0: v = 0 … 3], [u = 1], …; the normal ∂u × ∂v points outward. */
  readonly patches: Uint32Array;
}

/** What a patch needs of the cage: the faces around each vertex in order. */
export interface CageLinks {
  /** By vertex: the corners (face · 4 + corner) that meet there. */
  readonly corners: readonly Uint32Array[];
  /** By corner: the corner of the neighbouring face across the edge that leaves it, at the edge's start. */
  readonly across: Uint32Array;
}

const next = (corner: number): number => (corner & ~3) | ((corner + 1) & 3);
const previous = (corner: number): number => (corner & ~3) | ((corner + 3) & 3);

export function linkCage({ positions, quads }: QuadMesh): CageLinks {
  const vertices = positions.length / 3;
  const byEdge = new Map<number, number>();
  quads.forEach((from, corner) => byEdge.set(from * vertices + quads[next(corner)]!, corner));
  const corners = Array.from({ length: vertices }, (): number[] => []);
  quads.forEach((v, corner) => corners[v]!.push(corner));
  const across = Uint32Array.from(quads, (from, corner) => {
    // The neighbour runs along the edge the other way; its corner at our start is the end of its edge.
    const twin = byEdge.get(quads[next(corner)]! * vertices + from);
    if (twin === undefined) throw new RangeError("the cage has a border");
    return next(twin);
  });
  return { corners: corners.map((list) => Uint32Array.from(list)), across };
}

/**
 * Approximate Catmull-Clark patches of a cage (Loop and Schaefer, ACM TOG 2008): interior points from each face, edge
 * points midway between the interior points on both sides, corners in the middle of all interior points around. They
 * equal the subdivision surface wherever four faces meet, and its limit positions at every corner.
 */
export function bicubicPatches(cage: QuadMesh, { corners, across }: CageLinks): BicubicPatches {
  const { positions: p, quads } = cage;
  const count = quads.length,
    vertices = p.length / 3;
  // Points: one interior and one edge point a corner, then one corner point a vertex.
  const points = new Float64Array(3 * (2 * count + vertices));
  for (let corner = 0; corner < count; corner++) {
    const v = 3 * quads[corner]!, e1 = 3 * quads[next(corner)]!, e2 = 3 * quads[previous(corner)]!, f = 3 * quads[next(next(corner))]!; // prettier-ignore
    const n = corners[quads[corner]!]!.length;
    for (let axis = 0; axis < 3; axis++) {
      points[3 * corner + axis] = (n * p[v + axis]! + 2 * (p[e1 + axis]! + p[e2 + axis]!) + p[f + axis]!) / (n + 5);
    }
  }
  // The edge point near the start of the edge that leaves each corner; the twin face has the same by another name.
  for (let corner = 0; corner < count; corner++) {
    const twin = across[corner]!;
    for (let axis = 0; axis < 3; axis++) {
      points[3 * (count + corner) + axis] = 0.5 * (points[3 * corner + axis]! + points[3 * twin + axis]!);
    }
  }
  corners.forEach((around, v) => {
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (const corner of around) sum += points[3 * corner + axis]!;
      points[3 * (2 * count + v) + axis] = sum / around.length;
    }
  });
  return { points, patches: numberPatches(quads, across) };
}

/** Which point stands where; the edge points of an edge have one number from both sides. */
function numberPatches(quads: Readonly<Uint32Array>, across: Readonly<Uint32Array>): Uint32Array {
  const count = quads.length;
  const patches = new Uint32Array(4 * count);
  // An edge point is named after the corner from which its edge leaves, in the face on whose left it runs.
  const leaves = new Uint32Array(count);
  for (let corner = 0; corner < count; corner++) leaves[across[corner]!] = corner;
  const leaving = (corner: number): number => count + corner,
    arriving = (corner: number): number => count + leaves[corner]!;
  for (let face = 0; face < count / 4; face++) {
    const [a, b, c, d] = [4 * face, 4 * face + 1, 4 * face + 2, 4 * face + 3] as const;
    const v = (corner: number): number => 2 * count + quads[corner]!;
    // u runs from a to b, v from a to d.
    patches.set(
      [
        v(a), arriving(a), leaving(d), v(d),
        leaving(a), a, d, arriving(d),
        arriving(b), b, c, leaving(c),
        v(b), leaving(b), arriving(c), v(c),
      ],
      16 * face,
    ); // prettier-ignore
  }
  return patches;
}

/** Bernstein polynomials of degree 3 at t. */
export function bernstein(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
}

/** Derivatives of the same. */
function bernsteinSlope(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [-3 * s * s, 3 * s * s - 6 * s * t, 6 * s * t - 3 * t * t, 3 * t * t];
}

function combine(
  { points, patches }: BicubicPatches,
  patch: number,
  bu: readonly number[],
  bv: readonly number[],
): [number, number, number] {
  let x = 0, y = 0, z = 0; // prettier-ignore
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      const w = bu[i]! * bv[j]!,
        at = 3 * patches[16 * patch + 4 * i + j]!;
      x += w * points[at]!;
      y += w * points[at + 1]!;
      z += w * points[at + 2]!;
    }
  }
  return [x, y, z];
}

export const patchPoint = (all: BicubicPatches, patch: number, u: number, v: number): [number, number, number] =>
  combine(all, patch, bernstein(u), bernstein(v));

/** Nodes and weights of Gauss-Legendre on [0, 1]: five points are exact up to degree 9, and the integrand has 8. */
const GAUSS = [
  [0.04691007703066802, 0.11846344252809454],
  [0.23076534494715845, 0.23931433524968324],
  [0.5, 0.28444444444444444],
  [0.7692346550528415, 0.23931433524968324],
  [0.953089922969332, 0.11846344252809454],
] as const;

/** Enclosed volume by the divergence theorem; exact but for rounding. mm³. */
export function patchVolume(all: BicubicPatches): number {
  let three = 0;
  for (let patch = 0; patch < all.patches.length / 16; patch++) {
    for (const [u, wu] of GAUSS) {
      for (const [v, wv] of GAUSS) {
        const [x, y, z] = patchPoint(all, patch, u, v);
        const [ux, uy, uz] = combine(all, patch, bernsteinSlope(u), bernstein(v));
        const [vx, vy, vz] = combine(all, patch, bernstein(u), bernsteinSlope(v));
        three += wu * wv * (x * (uy * vz - uz * vy) + y * (uz * vx - ux * vz) + z * (ux * vy - uy * vx));
      }
    }
  }
  return three / 3;
}
