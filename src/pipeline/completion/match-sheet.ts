import type { ShapeModel } from "../../data/shape-model.ts";
import { createClosestPoint } from "../../geometry/closest-point.ts";
import { type Mesh, vertexNormals } from "../../geometry/mesh.ts";
import type { SheetSamples } from "./sheet-samples.ts";
import { barycentric } from "./shape-instance.ts";

/** Places of the shape that points of the sheet lie on or over. Parallel arrays. */
export interface Matches {
  readonly count: number;
  /** Index of the sheet's point. */
  readonly point: Uint32Array;
  readonly triangle: Uint32Array;
  /** Weights of the triangle's corners, three a match. */
  readonly corner: Float64Array;
  /** Unit normal of the shape there, and the foot of the point; xyz. */
  readonly normal: Float64Array;
  readonly foot: Float64Array;
  /** Of the point from the shape along the normal, mm; positive outside. */
  readonly residualMm: Float64Array;
  /** Of the point from its foot, mm. */
  readonly distanceMm: Float64Array;
}

/** Neither belongs to the other where the normals turn away from one another by more than 70°. */
const SAME_SIDE_COS = 0.34;

/**
 * Nearest place of the shape to each point of the sheet, where one lies within `gateMm` and faces the same way. `normals`:
 * those of the triangles, or such as go over smoothly from vertex to vertex. Those of flat triangles make a round shaft a
 * prism, whose turn about its axis the points would seem to tell.
 */
export function matchSheet(
  shape: Mesh,
  cap: ShapeModel["cap"],
  sheet: Pick<SheetSamples, "count" | "position" | "normal">,
  gateMm: number,
  normals: "flat" | "smooth" = "flat",
): Matches {
  const surface = createClosestPoint(shape),
    ofVertex = normals === "smooth" ? vertexNormals(shape) : undefined;
  const point: number[] = [], triangle: number[] = [], corner: number[] = []; // prettier-ignore
  const normal: number[] = [], foot: number[] = [], residual: number[] = [], distance: number[] = []; // prettier-ignore
  for (let i = 0; i < sheet.count; i++) {
    const x = sheet.position[3 * i]!, y = sheet.position[3 * i + 1]!, z = sheet.position[3 * i + 2]!; // prettier-ignore
    const hit = surface.nearest(x, y, z, gateMm);
    if (!hit || cap[hit.triangle]) continue;
    const weights = barycentric(shape, hit.triangle, hit.x, hit.y, hit.z);
    const n = ofVertex ? between(shape, ofVertex, hit.triangle, weights) : surface.normalAt(hit);
    const cosine = n[0] * sheet.normal[3 * i]! + n[1] * sheet.normal[3 * i + 1]! + n[2] * sheet.normal[3 * i + 2]!;
    if (cosine < SAME_SIDE_COS) continue;
    point.push(i);
    triangle.push(hit.triangle);
    corner.push(...weights);
    normal.push(...n);
    foot.push(hit.x, hit.y, hit.z);
    residual.push(n[0] * (x - hit.x) + n[1] * (y - hit.y) + n[2] * (z - hit.z));
    distance.push(hit.distanceMm);
  }
  return {
    count: point.length,
    point: Uint32Array.from(point),
    triangle: Uint32Array.from(triangle),
    corner: Float64Array.from(corner),
    normal: Float64Array.from(normal),
    foot: Float64Array.from(foot),
    residualMm: Float64Array.from(residual),
    distanceMm: Float64Array.from(distance),
  };
}

/** Unit vector between those of a triangle's corners. */
function between(
  { triangles }: Mesh,
  ofVertex: ArrayLike<number>,
  triangle: number,
  weights: readonly [number, number, number],
): readonly [number, number, number] {
  const n: [number, number, number] = [0, 0, 0];
  weights.forEach((weight, k) => {
    const v = 3 * triangles[3 * triangle + k]!;
    for (const axis of [0, 1, 2] as const) n[axis] += weight * ofVertex[v + axis]!;
  });
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}
