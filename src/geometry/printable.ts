import { createClosestPoint } from "./closest-point.ts";
import { edgeDefects, type Mesh, meshBounds, signedVolume, surfaceArea, triangleNormal } from "./mesh.ts";
import { sampleSurface } from "./sample-surface.ts";
import { selfCrossings } from "./self-crossings.ts";

/** What a slicing program wants to know of a part before it is printed. Lengths in mm. */
export interface PrintCheck {
  /** Every edge has two triangles that face the same way, and the surface faces outward. */
  readonly closed: boolean;
  readonly openEdges: number;
  readonly nonManifoldEdges: number;
  /** Pairs of triangles that pass through each other: where there are some, inside and outside are not told apart. */
  readonly crossings: number;
  readonly volumeMm3: number;
  readonly areaMm2: number;
  /** Of the box around it, along x, y, z. */
  readonly sizeMm: readonly [number, number, number];
  /** Way through the material against the surface's normal: the least, and what 99 % of the surface exceeds; null where it is open. */
  readonly minWallMm: number | null;
  readonly wall1PercentMm: number | null;
}

/** Rays start this far inside, mm: not to meet the triangle that they leave. */
const INSET_MM = 0.01;

export function checkPrintable(mesh: Mesh, { samples = 4000 }: { readonly samples?: number } = {}): PrintCheck {
  const { open, nonManifold } = edgeDefects(mesh);
  const { min, max } = meshBounds(mesh);
  const volumeMm3 = signedVolume(mesh);
  const closed = mesh.triangles.length > 0 && open === 0 && nonManifold === 0 && volumeMm3 > 0;
  const walls = closed ? wallThickness(mesh, samples) : [];
  return {
    closed,
    openEdges: open,
    nonManifoldEdges: nonManifold,
    crossings: selfCrossings(mesh),
    volumeMm3,
    areaMm2: surfaceArea(mesh),
    sizeMm: mesh.positions.length > 0 ? [max[0] - min[0], max[1] - min[1], max[2] - min[2]] : [0, 0, 0],
    minWallMm: walls[0] ?? null,
    wall1PercentMm: walls[Math.floor(0.01 * walls.length)] ?? null,
  };
}

/** Sorted, one a sample spread evenly over the surface. */
function wallThickness(mesh: Mesh, samples: number): number[] {
  const surface = createClosestPoint(mesh);
  const { positions, triangle, count } = sampleSurface(mesh, { perCm2: 0, minimum: samples });
  const walls: number[] = [];
  for (let i = 0; i < count; i++) {
    const n = triangleNormal(mesh, triangle[i]!);
    const length = Math.hypot(...n);
    if (!(length > 0)) continue;
    const inward = [-n[0] / length, -n[1] / length, -n[2] / length] as const;
    const from = [0, 1, 2].map((axis) => positions[3 * i + axis]! + INSET_MM * inward[axis]!) as [
      number,
      number,
      number,
    ];
    const exit = surface.rayHits(from, inward).find(({ entering }) => !entering);
    if (exit) walls.push(exit.distanceMm + INSET_MM);
  }
  return walls.sort((a, b) => a - b);
}
