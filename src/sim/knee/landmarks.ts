import { transformPoint } from "../../core/rigid.ts";
import type { Landmark } from "../../data/ground-truth.ts";
import type { BoneName } from "../../data/surface.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import type { BoneSet } from "./bones.ts";
import { localBone } from "./bones.ts";
import type { KneePose } from "./motion.ts";

type Point = readonly [number, number, number];

/** Vertex of the mesh that lies farthest along `direction` among those that `where` admits. */
function extreme({ positions: p }: Mesh, direction: Point, where: (x: number, y: number, z: number) => boolean): Point {
  let best = -Infinity,
    at: Point = [NaN, NaN, NaN];
  for (let i = 0; i < p.length; i += 3) {
    const x = p[i]!, y = p[i + 1]!, z = p[i + 2]!; // prettier-ignore
    if (!where(x, y, z)) continue;
    const along = direction[0] * x + direction[1] * y + direction[2] * z;
    if (along > best) {
      best = along;
      at = [x, y, z];
    }
  }
  return at;
}

/** Middle of the section at `z`, from the vertices within 2 mm of it. */
function shaftCentre({ positions: p }: Mesh, z: number): Point {
  const low = [Infinity, Infinity],
    high = [-Infinity, -Infinity];
  for (let i = 0; i < p.length; i += 3) {
    if (Math.abs(p[i + 2]! - z) > 2) continue;
    for (const axis of [0, 1] as const) {
      low[axis] = Math.min(low[axis]!, p[i + axis]!);
      high[axis] = Math.max(high[axis]!, p[i + axis]!);
    }
  }
  return [(low[0]! + high[0]!) / 2, (low[1]! + high[1]!) / 2, z];
}

/** Anatomical points of the posed knee, in the knee frame. Points on a surface are vertices of its mesh. */
export function kneeLandmarks(set: BoneSet, pose: KneePose): Landmark[] {
  const { femur, tibia, patella } = set.shapes;
  const mesh = (name: BoneName): Mesh => localBone(set, name).mesh;
  const everywhere = (): boolean => true;
  const groove = femur.anteriorMm.z;
  const s = set.parameters.femur.epicondylarWidthMm / 82.65;
  const near = (z0: number, x0: number, x1: number) => (x: number, _: number, z: number) =>
    Math.abs(z - z0) < 1.5 && x > x0 && x < x1;
  // The crests are the farthest points along the normal of the condyles' backs.
  const turn = set.parameters.femur.posteriorTurnRad,
    forward: Point = [-Math.sin(turn), Math.cos(turn), 0];
  const plateau = (x: number, y: number): Point => [x, y, tibia.top(x, y)];
  const halfPlateau = (x: number, _: number, z: number): boolean => z > -8 && Math.abs(x) > 10;

  const local: readonly [string, BoneName, Point][] = [
    ["medial epicondyle", "femur", extreme(mesh("femur"), [-1, 0, 0], (_, y) => Math.abs(y) < 8 * s)],
    ["lateral epicondyle", "femur", extreme(mesh("femur"), [1, 0, 0], (_, y) => Math.abs(y) < 8 * s)],
    ["medial posterior condyle centre", "femur", femur.medialCentre],
    ["lateral posterior condyle centre", "femur", femur.lateralCentre],
    ["medial posterior condyle", "femur", extreme(mesh("femur"), [0, -1, 0], (x, _, z) => x < -8 * s && z < 10 * s)],
    ["lateral posterior condyle", "femur", extreme(mesh("femur"), [0, -1, 0], (x, _, z) => x > 8 * s && z < 10 * s)],
    ["medial distal condyle", "femur", extreme(mesh("femur"), [0, 0, -1], (x) => x < 0)],
    ["lateral distal condyle", "femur", extreme(mesh("femur"), [0, 0, -1], (x) => x > 0)],
    ["medial trochlear crest", "femur", extreme(mesh("femur"), forward, near(groove, -40, femur.grooveX))],
    ["lateral trochlear crest", "femur", extreme(mesh("femur"), forward, near(groove, femur.grooveX, 40))],
    [
      "trochlear groove",
      "femur",
      extreme(mesh("femur"), [0, 1, 0], near(groove, femur.grooveX - 1, femur.grooveX + 1)),
    ],
    ["notch centre", "femur", [femur.notch.x, -8 * s, femur.distalZ + set.parameters.femur.notchHeightMm / 2]],
    ["tibial shaft", "tibia", shaftCentre(mesh("tibia"), -100)],
    ["tibial tubercle", "tibia", extreme(mesh("tibia"), [0, 1, 0], (_, __, z) => z < -15 * s && z > -42 * s)],
    ["plateau centre", "tibia", [0, tibia.centreY, 0]],
    ["medial plateau centre", "tibia", plateau(tibia.medialX, tibia.centreY)],
    ["lateral plateau centre", "tibia", plateau(tibia.lateralX, tibia.centreY)],
    ["medial plateau border", "tibia", extreme(mesh("tibia"), [-1, 0, 0], everywhere)],
    ["lateral plateau border", "tibia", extreme(mesh("tibia"), [1, 0, 0], (_, __, z) => z > -10)],
    ["medial plateau anterior", "tibia", extreme(mesh("tibia"), [0, 1, 0], (x, y, z) => x < 0 && halfPlateau(x, y, z))],
    [
      "lateral plateau anterior",
      "tibia",
      extreme(mesh("tibia"), [0, 1, 0], (x, y, z) => x > 0 && halfPlateau(x, y, z)),
    ],
    [
      "medial plateau posterior",
      "tibia",
      extreme(mesh("tibia"), [0, -1, 0], (x, y, z) => x < 0 && halfPlateau(x, y, z)),
    ],
    [
      "lateral plateau posterior",
      "tibia",
      extreme(mesh("tibia"), [0, -1, 0], (x, y, z) => x > 0 && halfPlateau(x, y, z)),
    ],
    ["eminence", "tibia", extreme(mesh("tibia"), [0, 0, 1], everywhere)],
    ["fibular tip", "fibula", extreme(mesh("fibula"), [0, 0, 1], everywhere)],
    ["patellar centre", "patella", [(patella.medialX + patella.lateralX) / 2, 0, 0]],
    ["proximal pole", "patella", extreme(mesh("patella"), [0, 0, 1], everywhere)],
    ["distal pole", "patella", extreme(mesh("patella"), [0, 0, -1], everywhere)],
    ["medial patellar border", "patella", extreme(mesh("patella"), [-1, 0, 0], everywhere)],
    ["lateral patellar border", "patella", extreme(mesh("patella"), [1, 0, 0], everywhere)],
    ["patellar front", "patella", extreme(mesh("patella"), [0, 1, 0], everywhere)],
    ["patellar ridge", "patella", extreme(mesh("patella"), [0, -1, 0], everywhere)],
  ];
  return local.map(([name, bone, at]) => ({
    name,
    bone,
    positionMm:
      bone === "femur" ? at : transformPoint(bone === "patella" ? pose.kneeFromPatella.m : pose.kneeFromTibia.m, ...at),
  }));
}
