import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { type Facets, normalOf } from "./sheet-facets.ts";
import { dot, type Vector } from "./vector.ts";

/** The normals of a shaft turn about its axis; where their spread along it is not below this share of the next, it is no shaft. */
const SHAFT_SHARE = 0.5;
/** A shaft that leaves the expected direction by more than this is something else. */
const MOST_TURN_COS = Math.cos((50 * Math.PI) / 180);

/**
 * The direction that the normals of the chosen facets have least of: the axis of a bone's shaft, pointing as
 * `expected` does. That one itself where too little is seen to tell.
 */
export function shaftAxis(facets: Facets, chosen: (facet: number) => boolean, expected: Vector): Vector {
  const sums = [0, 0, 0, 0, 0, 0];
  let area = 0;
  for (let i = 0; i < facets.count; i++) {
    if (!chosen(i)) continue;
    const [x, y, z] = normalOf(facets, i), w = facets.areaMm2[i]!; // prettier-ignore
    area += w;
    [x * x, x * y, x * z, y * y, y * z, z * z].forEach((product, k) => (sums[k]! += w * product));
  }
  if (area === 0) return expected;
  const [xx, xy, xz, yy, yz, zz] = sums as [number, number, number, number, number, number];
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    new Matrix([
      [xx, xy, xz],
      [xy, yy, yz],
      [xz, yz, zz],
    ]),
    { assumeSymmetric: true },
  );
  const [least, next] = [0, 1, 2].toSorted((a, b) => values[a]! - values[b]!) as [number, number, number];
  if (!(values[least]! < SHAFT_SHARE * values[next]!)) return expected;
  const axis: Vector = [vectors.get(0, least), vectors.get(1, least), vectors.get(2, least)];
  const cosine = dot(axis, expected);
  if (Math.abs(cosine) < MOST_TURN_COS) return expected;
  return cosine > 0 ? axis : [-axis[0], -axis[1], -axis[2]];
}
