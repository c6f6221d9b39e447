import type { Mesh } from "../../geometry/mesh.ts";
import { type Scene, sharedFloat32, sharedUint8 } from "../scene.ts";
import type { Phantom } from "./phantom.ts";
import { flipped } from "./repair.ts";

/** The mirror image in the plane x = 0, facing outward again. */
export function mirrorMesh({ positions, triangles }: Mesh): Mesh {
  return flipped({ positions: positions.map((value, i) => (i % 3 === 0 ? 0 - value : value)), triangles });
}

type Point = readonly [number, number, number];
const mirrorPoint = ([x, y, z]: Point): Point => [-x, y, z];

/** A right knee seen in a mirror is a left one. All that holds is mirrored; the bones' own frames keep X to the right. */
export function mirrorPhantom(phantom: Phantom): Phantom {
  const guide = phantom.guide();
  return {
    ...phantom,
    bones: phantom.bones.map((bone) => ({
      ...bone,
      mesh: mirrorMesh(bone.mesh),
      distance: { distanceMm: (x, y, z) => bone.distance.distanceMm(-x, y, z) },
    })),
    landmarks: phantom.landmarks.map((landmark) => ({ ...landmark, positionMm: mirrorPoint(landmark.positionMm) })),
    pose: { kneeFromTibia: { m: mirrored(phantom.pose.kneeFromTibia.m) } },
    lateralSign: phantom.lateralSign === 1 ? -1 : 1,
    kneeFromFile: { m: mirrored(phantom.kneeFromFile.m) },
    guide: () => ({
      ...guide,
      lateralSign: guide.lateralSign === 1 ? -1 : 1,
      patellaCentreMm: mirrorPoint(guide.patellaCentreMm),
      tubercleMm: mirrorPoint(guide.tubercleMm),
      tibialPlateauCentreMm: mirrorPoint(guide.tibialPlateauCentreMm),
    }),
    scene: (options) => mirrorScene(phantom.scene(options)),
  };
}

/** M·A·M with M = diag(−1, 1, 1): the elements that couple x with another axis change sign. */
function mirrored(m: Readonly<Float64Array>): Float64Array {
  return m.map((value, i) => (i < 4 === (i % 4 === 0) ? value : -value));
}

function mirrorScene(scene: Scene): Scene {
  const { grid, tissues } = scene;
  const { shape, spacingMm, originMm } = grid;
  const nx = shape[0];
  const mirrored: Scene = {
    ...scene,
    grid: { shape, spacingMm, originMm: [-(originMm[0] + (nx - 1) * spacingMm[0]), originMm[1], originMm[2]] },
    boneDistanceMm: sharedFloat32(scene.boneDistanceMm.length),
    skinDistanceMm: sharedFloat32(scene.skinDistanceMm.length),
    tissue: sharedUint8(scene.tissue.length),
    bone: sharedUint8(scene.bone.length),
    tissues: tissues.map((tissue) =>
      tissue.fibreDirection ? { ...tissue, fibreDirection: mirrorPoint(tissue.fibreDirection) } : tissue,
    ),
  };
  const pairs = [
    [scene.boneDistanceMm, mirrored.boneDistanceMm],
    [scene.skinDistanceMm, mirrored.skinDistanceMm],
    [scene.tissue, mirrored.tissue],
    [scene.bone, mirrored.bone],
  ] as const;
  for (const [from, to] of pairs) {
    to.set(from);
    for (let row = 0; row < to.length; row += nx) to.subarray(row, row + nx).reverse();
  }
  return mirrored;
}
