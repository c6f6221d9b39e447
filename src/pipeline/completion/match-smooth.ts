import type { ShapeModel } from "../../data/shape-model.ts";
import { createClosestPoint } from "../../geometry/closest-point.ts";
import { type Mesh, vertexNormals } from "../../geometry/mesh.ts";
import { SAME_SIDE_COS } from "./match-sheet.ts";
import { barycentric } from "./shape-instance.ts";
import type { SheetSamples } from "./sheet-samples.ts";

/** Places of the shape that points lie on or over. Parallel arrays; points without a partner are not there. */
export interface SmoothMatches {
  readonly count: number;
  readonly point: Uint32Array;
  readonly triangle: Uint32Array;
  /** Weights of the triangle's corners; and the unit normal, xyz, which goes over smoothly from vertex to vertex. */
  readonly corner: Float64Array;
  readonly normal: Float64Array;
  readonly distanceMm: Float64Array;
}

/**
 * As `matchSheet`, with smooth normals: those of flat triangles make a round shaft a prism, whose turn about its axis the
 * points would seem to tell.
 */
export function matchSmooth(
  shape: Mesh,
  cap: ShapeModel["cap"],
  { count, position, normal }: Pick<SheetSamples, "count" | "position" | "normal">,
  gateMm: number,
): SmoothMatches {
  const surface = createClosestPoint(shape),
    ofVertex = vertexNormals(shape);
  const point: number[] = [], triangle: number[] = [], corner: number[] = [], facing: number[] = [], distance: number[] = []; // prettier-ignore
  for (let i = 0; i < count; i++) {
    const hit = surface.nearest(position[3 * i]!, position[3 * i + 1]!, position[3 * i + 2]!, gateMm);
    if (!hit || cap[hit.triangle]) continue;
    const weights = barycentric(shape, hit.triangle, hit.x, hit.y, hit.z);
    const n = [0, 0, 0];
    weights.forEach((weight, k) => {
      const v = 3 * shape.triangles[3 * hit.triangle + k]!;
      for (let axis = 0; axis < 3; axis++) n[axis]! += weight * ofVertex[v + axis]!;
    });
    const length = Math.hypot(...n) || 1;
    const cosine = (n[0]! * normal[3 * i]! + n[1]! * normal[3 * i + 1]! + n[2]! * normal[3 * i + 2]!) / length;
    if (cosine < SAME_SIDE_COS) continue;
    point.push(i);
    triangle.push(hit.triangle);
    corner.push(...weights);
    facing.push(n[0]! / length, n[1]! / length, n[2]! / length);
    distance.push(hit.distanceMm);
  }
  return {
    count: point.length,
    point: Uint32Array.from(point),
    triangle: Uint32Array.from(triangle),
    corner: Float64Array.from(corner),
    normal: Float64Array.from(facing),
    distanceMm: Float64Array.from(distance),
  };
}
