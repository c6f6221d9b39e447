import { Vector3, type PerspectiveCamera } from "three";
import type { LoadedMesh } from "./page-meshes.ts";

function meanVertex({ mesh: { positions } }: LoadedMesh): Vector3 {
  const mean = new Vector3(),
    at = new Vector3();
  for (let i = 0; i < positions.length; i += 3) mean.add(at.fromArray(positions, i));
  return mean.divideScalar(Math.max(1, positions.length / 3));
}

/** A leg stands: from tibia to femur, whatever the frame; +Z where the two are not there. True bones, where there are. */
export function uprightOf(meshes: readonly LoadedMesh[]): Vector3 {
  const find = (bone: string): LoadedMesh | undefined =>
    meshes.find((mesh) => mesh.bone === bone && mesh.role === "truth") ?? meshes.find((mesh) => mesh.bone === bone);
  const femur = find("femur"),
    tibia = find("tibia");
  const up = femur && tibia ? meanVertex(femur).sub(meanVertex(tibia)) : new Vector3();
  return up.lengthSq() > 1 ? up.normalize() : new Vector3(0, 0, 1);
}

/** From where most of the scanning was done; else from the front (+Y) and a little above. Unit, towards the camera. */
export function viewDirection(centre: Vector3, radius: number, pathMm: readonly number[], up: Vector3): Vector3 {
  const mean = new Vector3();
  for (let i = 0; i + 2 < pathMm.length; i += 3) mean.add(new Vector3(pathMm[i], pathMm[i + 1], pathMm[i + 2]));
  mean.divideScalar(Math.max(1, Math.floor(pathMm.length / 3))).sub(centre);
  const scannedFrom = pathMm.length >= 3 && mean.length() > 0.25 * radius ? mean : new Vector3(0.35, 1, 0.25);
  // Never straight along the vertical, which has no left and right.
  const direction = scannedFrom.normalize();
  if (Math.abs(direction.dot(up)) > 0.9) {
    const level = new Vector3(0.3, 0.5, 0);
    direction.add(level.addScaledVector(up, -level.dot(up))).normalize();
  }
  return direction;
}

/** How far from `centre` a camera that looks along −`direction` sees every vertex of `clouds` (xyz each). */
export function distanceToFit(
  clouds: readonly ArrayLike<number>[],
  centre: Vector3,
  direction: Vector3,
  camera: PerspectiveCamera,
): number {
  const side = new Vector3().crossVectors(camera.up, direction).normalize();
  const upward = new Vector3().crossVectors(direction, side);
  const tangent = Math.tan((camera.fov * Math.PI) / 360);
  const at = new Vector3();
  let distance = 1;
  for (const positions of clouds) {
    for (let i = 0; i + 2 < positions.length; i += 3) {
      at.fromArray(positions as number[], i).sub(centre);
      const beside = Math.max(Math.abs(at.dot(upward)), Math.abs(at.dot(side)) / camera.aspect);
      distance = Math.max(distance, beside / tangent + at.dot(direction));
    }
  }
  return distance;
}
