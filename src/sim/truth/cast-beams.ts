import { createClosestPoint } from "../../geometry/closest-point.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import type { BeamHits } from "./insonified.ts";

export interface Beam {
  readonly fromMm: readonly [number, number, number];
  /** Unit. */
  readonly direction: readonly [number, number, number];
  readonly lengthMm: number;
}

/** Beams as straight rays that end at the first surface they enter: what images could show, without making them. */
export function castBeams(body: Mesh, beams: Iterable<Beam>): BeamHits {
  const surface = createClosestPoint(body);
  const hits: number[] = [];
  for (const {
    fromMm: [fx, fy, fz],
    direction: [dx, dy, dz],
    lengthMm,
  } of beams) {
    const hit = surface.rayHits([fx, fy, fz], [dx, dy, dz], lengthMm)[0];
    if (!hit?.entering) continue;
    const d = hit.distanceMm;
    const at = [fx + d * dx, fy + d * dy, fz + d * dz] as const;
    const n = surface.normalAt(surface.nearest(...at)!);
    hits.push(...at, -(n[0] * dx + n[1] * dy + n[2] * dz));
  }
  return Float32Array.from(hits);
}
