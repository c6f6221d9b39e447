import { bicubicPatches, type BicubicPatches, type CageLinks, linkCage, patchPoint } from "./bicubic-patches.ts";
import { type ClosestPoint, createClosestPoint } from "./closest-point.ts";
import type { Mesh } from "./mesh.ts";
import { type QuadMesh, quadCage } from "./quad-cage.ts";

export interface FitPatchesOptions {
  /** Largest distance between patches and mesh, either way, mm. */
  readonly toleranceMm: number;
  readonly maxPatches: number;
}

export interface FittedPatches {
  readonly all: BicubicPatches;
  /** Largest and root mean square distance, both ways, mm. */
  readonly maxMm: number;
  readonly rmsMm: number;
}

/** Edges of the cage that are tried, as shares of the body's size, coarse to fine. */
const FIRST_SHARE = 0.12,
  FINER = 0.6;
/** Rounds in which the cage's squares are first made even, and then drawn onto the surface. */
const EVEN_ROUNDS = 25,
  FIT_ROUNDS = 45;
/** Each patch is compared at (SIDE + 1)² places. */
const SIDE = 5;

/**
 * Smooth patches over a closed mesh, as few as keep the tolerance. Where `maxPatches` comes first, the nearest that was
 * reached; undefined where no cage fits (several overlapping pieces, walls thinner than the finest cage).
 */
export function fitPatches(mesh: Mesh, { toleranceMm, maxPatches }: FitPatchesOptions): FittedPatches | undefined {
  const surface = createClosestPoint(mesh);
  let best: FittedPatches | undefined;
  for (let cellMm = FIRST_SHARE * sizeOf(mesh); ; cellMm *= FINER) {
    const cage = quadCage(mesh, cellMm);
    if (cage && cage.quads.length / 4 > maxPatches) break;
    if (cage) {
      const fitted = fitCage(cage, mesh, surface);
      if (!best || fitted.maxMm < best.maxMm) best = fitted;
      if (fitted.maxMm <= toleranceMm) break;
    }
    if (cellMm < 0.004 * sizeOf(mesh)) break;
  }
  return best;
}

function sizeOf({ positions }: Mesh): number {
  const min = [Infinity, Infinity, Infinity], max = [-Infinity, -Infinity, -Infinity]; // prettier-ignore
  positions.forEach((value, i) => {
    min[i % 3] = Math.min(min[i % 3]!, value);
    max[i % 3] = Math.max(max[i % 3]!, value);
  });
  return Math.max(...max.map((value, axis) => value - min[axis]!));
}

function fitCage(start: QuadMesh, mesh: Mesh, surface: ClosestPoint): FittedPatches {
  const links = linkCage(start);
  const near = neighboursOf(start, links);
  const positions = Float64Array.from(start.positions);
  const cage: QuadMesh = { positions, quads: start.quads };
  for (let round = 0; round < EVEN_ROUNDS; round++) {
    relax(positions, near, surface, 0.6);
    for (let v = 0; v < positions.length; v += 3) {
      const hit = surface.nearest(positions[v]!, positions[v + 1]!, positions[v + 2]!)!;
      const pull = 0.5 + (0.5 * round) / EVEN_ROUNDS;
      positions[v]! += pull * (hit.x - positions[v]!);
      positions[v + 1]! += pull * (hit.y - positions[v + 1]!);
      positions[v + 2]! += pull * (hit.z - positions[v + 2]!);
    }
  }
  for (let round = 0; round < FIT_ROUNDS; round++) {
    if (round < FIT_ROUNDS - 10) relax(positions, near, surface, 0.15);
    correct(cage, links, surface);
  }
  const all = bicubicPatches(cage, links);
  return { all, ...deviation(all, mesh, surface) };
}

function neighboursOf({ quads }: QuadMesh, { corners }: CageLinks): Uint32Array[] {
  return corners.map((around) => Uint32Array.from(around, (corner) => quads[(corner & ~3) | ((corner + 1) & 3)]!));
}

/** Moves every vertex towards the middle of its neighbours along the surface. */
function relax(positions: Float64Array, near: readonly Uint32Array[], surface: ClosestPoint, share: number): void {
  const from = positions.slice();
  near.forEach((list, v) => {
    const d = [0, 0, 0];
    for (const w of list) for (let axis = 0; axis < 3; axis++) d[axis]! += from[3 * w + axis]! / list.length;
    for (let axis = 0; axis < 3; axis++) d[axis]! -= from[3 * v + axis]!;
    const n = surface.normalAt(surface.nearest(from[3 * v]!, from[3 * v + 1]!, from[3 * v + 2]!)!);
    const along = d[0]! * n[0] + d[1]! * n[1] + d[2]! * n[2];
    for (let axis = 0; axis < 3; axis++) positions[3 * v + axis]! += share * (d[axis]! - along * n[axis as 0 | 1 | 2]);
  });
}

/**
 * One round of progressive approximation: the patches' corners, the middles of their edges and their own middles are
 * looked up on the surface, and each vertex of the cage moves by the mean of what is missing around it.
 */
function correct(cage: QuadMesh, links: CageLinks, surface: ClosestPoint): void {
  const all = bicubicPatches(cage, links);
  const { positions, quads } = cage;
  const miss = new Float64Array(positions.length),
    weight = new Float64Array(positions.length / 3);
  const put = (v: number, w: number, d: readonly [number, number, number]): void => {
    weight[v]! += w;
    for (let axis = 0; axis < 3; axis++) miss[3 * v + axis]! += w * d[axis as 0 | 1 | 2];
  };
  const missing = (face: number, u: number, v: number): [number, number, number] => {
    const [x, y, z] = patchPoint(all, face, u, v);
    const hit = surface.nearest(x, y, z)!;
    return [hit.x - x, hit.y - y, hit.z - z];
  };
  for (let face = 0; face < quads.length / 4; face++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((corner) => quads[4 * face + corner]!) as [number, number, number, number];
    const middle = missing(face, 0.5, 0.5);
    for (const v of [a, b, c, d]) put(v, 0.5, middle);
    put(a, 1, missing(face, 0, 0));
    put(b, 1, missing(face, 1, 0));
    put(c, 1, missing(face, 1, 1));
    put(d, 1, missing(face, 0, 1));
    // Each edge is met from both of its faces; once is enough.
    if (a < b) for (const v of [a, b]) put(v, 0.5, missing(face, 0.5, 0));
    if (b < c) for (const v of [b, c]) put(v, 0.5, missing(face, 1, 0.5));
  }
  // The patches answer a move of a vertex by 4/9 of it and less: over-relaxed, and still falling everywhere.
  const GAIN = 1.6;
  for (let i = 0; i < positions.length; i++) positions[i]! += (GAIN * miss[i]!) / weight[Math.floor(i / 3)]!;
}

function deviation(all: BicubicPatches, mesh: Mesh, surface: ClosestPoint): { maxMm: number; rmsMm: number } {
  const positions: number[] = [],
    triangles: number[] = [];
  let max = 0,
    squares = 0,
    count = 0;
  const add = (d: number): void => {
    max = Math.max(max, d);
    squares += d * d;
    count++;
  };
  for (let patch = 0; patch < all.patches.length / 16; patch++) {
    const first = positions.length / 3;
    for (let i = 0; i <= SIDE; i++) {
      for (let j = 0; j <= SIDE; j++) {
        const p = patchPoint(all, patch, i / SIDE, j / SIDE);
        positions.push(...p);
        add(surface.distanceMm(...p));
      }
    }
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        const at = first + i * (SIDE + 1) + j;
        triangles.push(at, at + SIDE + 1, at + SIDE + 2, at, at + SIDE + 2, at + 1);
      }
    }
  }
  const back = createClosestPoint({ positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) });
  for (let v = 0; v < mesh.positions.length; v += 3) {
    add(back.distanceMm(mesh.positions[v]!, mesh.positions[v + 1]!, mesh.positions[v + 2]!));
  }
  return { maxMm: max, rmsMm: Math.sqrt(squares / count) };
}
