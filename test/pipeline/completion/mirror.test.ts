import { expect, test } from "vitest";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import { signedVolume, type Mesh } from "../../../src/geometry/mesh.ts";
import { mirrored, mirroredPose } from "../../../src/pipeline/completion/mirror.ts";

test("a mirrored pose moves mirrored points to where the mirror images of the moved points lie", () => {
  const m = fromAxisAngle([1, 2, -1], 0.7, [3, -4, 5]).m;
  const [x, y, z] = transformPoint(m, 7, 8, 9);
  transformPoint(mirroredPose(m), -7, 8, 9).forEach((value, k) => expect(value).toBeCloseTo([-x, y, z][k]!, 12));
});

test("a mirrored mesh is as large, and faces outward still", () => {
  const corner: Mesh = {
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3),
    triangles: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3),
  };
  expect(signedVolume(corner)).toBeCloseTo(1, 12);
  expect(signedVolume(mirrored(corner))).toBeCloseTo(1, 12);
});
