import { eigen3 } from "../symmetric3.ts";
import { cross, distance, subtract, type Vector3 } from "../vector3.ts";

/** Squared fiducial localisation error from the registration's residual (Fitzpatrick, West & Maurer 1998, eq. 10). */
export const localisationVariance = (rmsMm: number, count: number): number => (rmsMm ** 2 * count) / (count - 2);

/**
 * Expected rms error of a registration at `target` (Fitzpatrick, West & Maurer 1998, eq. 46), mm; `points` and `target`
 * in one frame, `fleVariance` = expected squared localisation error of a point, mm².
 */
export function targetError(points: readonly Vector3[], target: Vector3, fleVariance: number): number {
  const n = points.length;
  const centre = [0, 1, 2].map((k) => points.reduce((sum, p) => sum + p[k]!, 0) / n) as [number, number, number];
  const scatter = new Float64Array(9);
  for (const point of points) {
    const d = subtract(point, centre);
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) scatter[3 * i + j]! += d[i]! * d[j]!;
  }
  const axes = eigen3(scatter).vectors;
  const offAxis = (p: Vector3, axis: Vector3): number => distance(cross(subtract(p, centre), axis), [0, 0, 0]);
  let sum = 1;
  for (const axis of axes) {
    const mean = points.reduce((total, p) => total + offAxis(p, axis) ** 2, 0) / n;
    sum += offAxis(target, axis) ** 2 / mean / 3;
  }
  return Math.sqrt((fleVariance / n) * sum);
}
