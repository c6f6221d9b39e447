import { cross, dot, minus, unit, without, type Vector } from "../core/vector.ts";
import type { ReportMesh } from "./assets.ts";

/** Unit vectors in the reference frame, whatever that is: from the anatomy alone, so left and right legs alike. */
export interface LegAxes {
  /** Along the leg, from shin to thigh. */
  readonly up: Vector;
  readonly front: Vector;
  /** To the side of the fibula; absent where there is none. */
  readonly lateral?: Vector;
}

const words = {
  front: ["the front", "behind"],
  up: ["above", "below"],
  lateral: ["the outer side", "the inner side"],
} as const;

/** A second direction is named when its part is at least this of the first: within about 30° of half way. */
const SECOND = 0.6;

/** From bones whose places are known; undefined when femur, tibia or patella is missing. */
export function legAxes(meshes: readonly ReportMesh[]): LegAxes | undefined {
  const middle = (bone: string): Vector | undefined => {
    const found =
      meshes.find((mesh) => mesh.bone === bone && mesh.role === "truth") ?? meshes.find((mesh) => mesh.bone === bone);
    return found && found.mesh.positions.length > 0 ? meanOf(found.mesh.positions) : undefined;
  };
  const femur = middle("femur"),
    tibia = middle("tibia"),
    patella = middle("patella"),
    fibula = middle("fibula");
  if (!femur || !tibia || !patella) return undefined;
  const up = unit(minus(femur, tibia));
  const front = unit(without(minus(patella, tibia), up));
  if (!fibula) return { up, front };
  const across = cross(up, front);
  const side = dot(minus(fibula, tibia), across);
  return { up, front, lateral: side < 0 ? minus([0, 0, 0], across) : across };
}

/** "the front", "the inner side and above": from where a surface with this outward normal is met head-on. */
export function directionWords(normal: Vector, { up, front, lateral }: LegAxes): string {
  const parts = [
    { names: words.front, share: dot(normal, front) },
    { names: words.up, share: dot(normal, up) },
    ...(lateral ? [{ names: words.lateral, share: dot(normal, lateral) }] : []),
  ].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const [first, second] = parts.map(({ names, share }) => ({ name: names[share < 0 ? 1 : 0], size: Math.abs(share) }));
  if (!first) return "";
  return second && second.size >= SECOND * first.size ? `${first.name} and ${second.name}` : first.name;
}

function meanOf(positions: Float32Array): Vector {
  const sum: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < positions.length; i += 3)
    for (const axis of [0, 1, 2] as const) sum[axis] += positions[i + axis]!;
  const count = positions.length / 3;
  return [sum[0] / count, sum[1] / count, sum[2] / count];
}
