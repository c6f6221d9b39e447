import { expect, test } from "vitest";
import { silentLog } from "../../../../src/core/log.ts";
import { createRng } from "../../../../src/core/rng.ts";
import {
  determinant3x4,
  fromAxisAngle,
  fromQuaternion,
  multiply3x4,
  orthonormalityError,
  rotationAngle,
} from "../../../../src/core/rigid.ts";
import { transformMesh } from "../../../../src/geometry/mesh.ts";
import { boneFamily } from "../../../../src/sim/knee/fit/family.ts";
import { fitBone, modelMesh } from "../../../../src/sim/knee/fit/fit-bone.ts";
import { icosahedralRotations } from "../../../../src/sim/knee/fit/starts.ts";
import { typicalKnee } from "../../../../src/sim/knee/parameters.ts";

/** A bone of the family is found again but for the pull of the prior and the facets of 1.2 mm. */
const RECOVERED_MM = 0.25;
/** Circumradius of the cell of rotations around each of the 60, plus rounding. */
const COVERED_RAD = (44.5 * Math.PI) / 180;

test("sixty starts are rotations, and none is farther than 44.5 degrees from one of them", () => {
  const rotations = icosahedralRotations();
  expect(rotations.length).toBe(60);
  for (const m of rotations) {
    expect(orthonormalityError(m)).toBeLessThan(1e-12);
    expect(determinant3x4(m)).toBeCloseTo(1, 9);
  }
  for (let i = 0; i < 200; i++) {
    const rng = createRng(`cover/${i}`);
    const { m } = fromQuaternion([rng.normal(), rng.normal(), rng.normal(), rng.normal()]);
    const nearest = Math.min(
      ...rotations.map((r) => {
        const transposed = Float64Array.of(r[0]!, r[4]!, r[8]!, 0, r[1]!, r[5]!, r[9]!, 0, r[2]!, r[6]!, r[10]!, 0);
        return rotationAngle(multiply3x4(m, transposed));
      }),
    );
    expect(nearest, `cover/${i}`).toBeLessThan(COVERED_RAD);
  }
});

test("a patella of the family, turned and carried off, is found again with its sizes", async () => {
  const wanted = { ...typicalKnee(createRng("fit-patella")).patella };
  const mesh = await modelMesh(boneFamily("patella"), wanted);
  const turned = transformMesh(mesh, fromAxisAngle([0.3, -0.8, 0.5], 2.1, [140, -60, 900]).m);
  const { toModel, toMesh, parameters } = await fitBone(turned, "patella", { log: silentLog, side: "right" });
  expect(toModel.meanMm).toBeLessThan(RECOVERED_MM);
  expect(toMesh.meanMm).toBeLessThan(RECOVERED_MM);
  for (const name of ["heightMm", "widthMm", "thicknessMm"] as const) {
    expect(Math.abs(parameters[name]! - wanted[name]), name).toBeLessThan(1);
  }
});

test("a mesh in metres, or of another bone's size, is refused with a word about units", async () => {
  const mesh = await modelMesh(boneFamily("patella"), { ...typicalKnee(createRng("small")).patella });
  const inMetres = { positions: mesh.positions.map((v) => v / 1000), triangles: mesh.triangles };
  await expect(fitBone(inMetres, "patella", { log: silentLog })).rejects.toThrow("millimetres");
  await expect(fitBone(mesh, "femur", { log: silentLog })).rejects.toThrow("a femur in mm");
});
