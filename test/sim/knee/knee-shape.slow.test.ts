import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { voxelCount } from "../../../src/geometry/grid.ts";
import { edgeDefects, signedVolume, triangleCount } from "../../../src/geometry/mesh.ts";
import { buildKnee, buildScene, type Knee } from "../../../src/sim/knee/knee.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";
import type { Scene } from "../../../src/sim/scene.ts";
import { dimensions, landmarkOf, leastClearance, offField, sceneSurfaceError } from "../../../src/verify/knee.ts";

const DEG = Math.PI / 180;

describe("a knee bent by 30 degrees", () => {
  let knee: Knee, scene: Scene;
  beforeAll(async () => {
    knee = await buildKnee(typicalKnee(createRng("test-knee"), "female"), { flexionRad: 30 * DEG });
    scene = buildScene(knee, { spacingMm: 1.5 });
  }, 120_000);

  test("has four closed outward bones whose vertices lie on their distance fields", () => {
    expect(knee.bones.map((b) => b.name)).toEqual(["femur", "tibia", "fibula", "patella"]);
    for (const bone of knee.bones) {
      expect(edgeDefects(bone.mesh), bone.name).toEqual({ open: 0, nonManifold: 0 });
      expect(signedVolume(bone.mesh), bone.name).toBeGreaterThan(5000);
      expect(offField(bone), bone.name).toBeLessThan(0.05); // agreed with the users of the truth
    }
  });

  test("gives every triangle a region, and every region some triangles", () => {
    for (const { name, mesh, region, regionNames } of knee.bones) {
      expect(region.length).toBe(triangleCount(mesh));
      const counts = regionNames.map((_, r) => region.reduce((n, value) => n + Number(value === r), 0));
      counts.forEach((count, r) => expect(count, `${name}: ${regionNames[r]}`).toBeGreaterThan(50));
      expect(counts.reduce((a, b) => a + b)).toBe(region.length);
    }
  });

  test("has its epicondyles on either side of the origin, lateral to the right", () => {
    const medial = landmarkOf(knee, "medial epicondyle"),
      lateral = landmarkOf(knee, "lateral epicondyle");
    expect(medial[0]).toBeLessThan(0);
    expect(lateral[0]).toBeGreaterThan(0);
    // The origin is their middle, by definition of the frame; a vertex is found to its edge of 1 mm across the tip.
    expect(Math.abs(medial[0] + lateral[0])).toBeLessThan(1.5);
    for (const p of [medial, lateral]) expect(Math.hypot(p[1], p[2])).toBeLessThan(5);
  });

  test("lets no bone enter another and keeps cartilage between femur and tibia at every angle", async () => {
    for (const flexionDeg of [0, 15, 45, 75, 90, 120]) {
      const bent = await buildKnee(knee.parameters, { flexionRad: flexionDeg * DEG, from: knee.set });
      expect(leastClearance(bent), `at ${flexionDeg}`).toBeGreaterThan(1);
    }
  });

  test("turns the tibia by the flexion angle about an axis that is nearly X", () => {
    const { m } = knee.pose.kneeFromTibia;
    const flexion = Math.atan2(m[6]!, m[10]!); // of the shank's long axis in the sagittal plane
    expect(Math.abs(flexion - 30 * DEG)).toBeLessThan(2 * DEG); // internal rotation and the plateau's tilt
  });

  test("has sizes on the mesh, when straight, that are its parameters", async () => {
    const straight = await buildKnee(knee.parameters, { flexionRad: 0, from: knee.set });
    for (const { name, measuredMm, parameterMm, toleranceMm } of dimensions(straight)) {
      expect(Math.abs(measuredMm - parameterMm), name).toBeLessThan(toleranceMm);
    }
  });

  test("refuses to bend farther than a knee bends, or with another knee's bones", async () => {
    await expect(buildKnee(knee.parameters, { flexionRad: 2.5 })).rejects.toThrow("0 to 120 degrees");
    await expect(buildKnee({ ...knee.parameters }, { flexionRad: 0, from: knee.set })).rejects.toThrow("parameters");
  });

  test("makes a scene on shared memory that agrees with its bones", () => {
    const n = voxelCount(scene.grid);
    for (const array of [scene.boneDistanceMm, scene.skinDistanceMm, scene.tissue, scene.bone]) {
      expect(array.length).toBe(n);
      expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
    // Trilinear error grows with the square of the spacing: 0.05 mm at 0.75 mm, four times that at 1.5 mm.
    expect(sceneSurfaceError(knee, scene, 0.999)).toBeLessThan(0.2);
  });

  test("labels gel outside the skin, bone inside the bones, and something else between", () => {
    const gel = scene.tissues.findIndex((t) => t.name === "gel"),
      bone = scene.tissues.findIndex((t) => t.name === "bone");
    const seen = new Set<string>();
    let wrong = 0;
    for (let i = 0; i < scene.tissue.length; i++) {
      const label = scene.tissue[i]!;
      seen.add(scene.tissues[label]!.name);
      if ((label === bone) !== scene.boneDistanceMm[i]! < 0) wrong++;
      else if (label !== bone && (label === gel) !== scene.skinDistanceMm[i]! > 0) wrong++;
    }
    expect(wrong).toBe(0);
    for (const name of ["skin", "fat", "cartilage", "meniscus", "patellar tendon", "rectus femoris", "hoffa fat pad"]) {
      expect(seen.has(name), name).toBe(true);
    }
  });

  test("hides no bone outside the skin", () => {
    for (const { name, mesh } of knee.bones) {
      const { positions: p } = mesh,
        { grid } = scene;
      for (let i = 0; i < p.length; i += 30) {
        const index = [0, 1, 2].map((a) => Math.round((p[i + a]! - grid.originMm[a as 0]) / grid.spacingMm[0]));
        if (index.some((v, a) => v < 0 || v >= grid.shape[a as 0])) continue;
        const at = (index[2]! * grid.shape[1] + index[1]!) * grid.shape[0] + index[0]!;
        expect(scene.skinDistanceMm[at]!, name).toBeLessThan(-1.5); // at least the skin, with half a voxel to spare
      }
    }
  });

  test("refuses a scene that would not fit", () => {
    expect(() => buildScene(knee, { spacingMm: 0.2 })).toThrow(/MB/);
  });
});
