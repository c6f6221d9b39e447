import { vertexCount, vertexNormals, type Mesh } from "../../geometry/mesh.ts";
import { indexPoints } from "./point-index.ts";
import type { FramePoints } from "./ridge-points.ts";

/** Points whose normal deviates by more than 60° from the vertex's belong to another face. */
const SAME_FACE_COS = 0.5;

const ALONE = -1;

/**
 * One standard deviation of each vertex's height, mm, from the scatter of the frames that saw it within `withinMm`: the
 * points of one frame share its pose, so each frame counts once. Where one frame alone saw a vertex, the median of the others; NaN
 * where none did. What all frames share (calibration, speed of sound, a bias of segmentation) is not in it.
 */
export function heightUncertainty(mesh: Mesh, points: FramePoints, withinMm: number): Float32Array {
  const { position, normal, frame } = points;
  const index = indexPoints(position, withinMm), normals = vertexNormals(mesh), reach2 = withinMm * withinMm; // prettier-ignore
  const sd = new Float32Array(vertexCount(mesh)).fill(NaN);
  const sum = new Map<number, { height: number; count: number }>();
  for (let v = 0; v < sd.length; v++) {
    const x = mesh.positions[3 * v]!, y = mesh.positions[3 * v + 1]!, z = mesh.positions[3 * v + 2]!; // prettier-ignore
    const nx = normals[3 * v]!, ny = normals[3 * v + 1]!, nz = normals[3 * v + 2]!; // prettier-ignore
    sum.clear();
    index.around(x, y, z, (p) => {
      const dx = position[3 * p]! - x, dy = position[3 * p + 1]! - y, dz = position[3 * p + 2]! - z; // prettier-ignore
      if (dx * dx + dy * dy + dz * dz > reach2) return;
      if (nx * normal[3 * p]! + ny * normal[3 * p + 1]! + nz * normal[3 * p + 2]! < SAME_FACE_COS) return;
      const height = nx * dx + ny * dy + nz * dz;
      const own = sum.get(frame[p]!);
      if (own) {
        own.height += height;
        own.count++;
      } else sum.set(frame[p]!, { height, count: 1 });
    });
    if (sum.size === 1) sd[v] = ALONE;
    else if (sum.size > 1) sd[v] = sdOfMean([...sum.values()].map(({ height, count }) => height / count));
  }
  const known = sd.filter((value) => value >= 0).toSorted();
  const median = known[known.length >> 1] ?? NaN;
  return sd.map((value) => (value === ALONE ? median : value));
}

function sdOfMean(values: readonly number[]): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
