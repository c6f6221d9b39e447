import { beforeAll, expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { buildScene } from "../../../src/sim/knee/build-scene.ts";
import { buildKnee, type Knee } from "../../../src/sim/knee/knee.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";
import type { Scene } from "../../../src/sim/scene.ts";

const SPACING_MM = 1.25;
/** The capsule is 1.3 mm thick. */
const CAPSULE_MM = 1.3;
const EFFUSION_MM = 6;

let knee: Knee, scene: Scene, swollen: Scene;
beforeAll(async () => {
  knee = await buildKnee(typicalKnee(createRng("soft-tissue"), "male"), { flexionRad: 0.35 });
  scene = buildScene(knee, { spacingMm: SPACING_MM });
  swollen = buildScene(knee, { spacingMm: SPACING_MM, effusionMm: EFFUSION_MM });
}, 300_000);

type Point = readonly [number, number, number];

/** Centres of the voxels that carry a label, mm, with their index. */
function voxels({ grid, tissue, tissues }: Scene, name: string): { readonly at: Point; readonly index: number }[] {
  const label = tissues.findIndex((t) => t.name === name);
  const [nx, ny] = grid.shape;
  const found: { at: Point; index: number }[] = [];
  for (let index = 0; index < tissue.length; index++) {
    if (tissue[index] !== label) continue;
    const i = index % nx, j = Math.floor(index / nx) % ny, k = Math.floor(index / (nx * ny)); // prettier-ignore
    found.push({
      at: [i, j, k].map((n, axis) => grid.originMm[axis as 0]! + n * SPACING_MM) as unknown as Point,
      index,
    });
  }
  return found;
}

const volumeMl = (of: Scene, name: string): number => (voxels(of, name).length * SPACING_MM ** 3) / 1000;
const bone = (name: string) => knee.bones.find((b) => b.name === name)!.distance;

test("every named tissue has its share of the scene", () => {
  for (const { name } of scene.tissues) {
    expect(voxels(scene, name).length, name).toBeGreaterThan(name.includes("lateral collateral") ? 10 : 20);
  }
});

test("the menisci are wedges of 2-8 ml between femur and tibia, open toward the middle of the joint", () => {
  const parts = voxels(scene, "meniscus");
  expect(volumeMl(scene, "meniscus")).toBeGreaterThan(2);
  expect(volumeMl(scene, "meniscus")).toBeLessThan(8);
  const femur = bone("femur"),
    tibia = bone("tibia");
  for (const { at } of parts) {
    expect(Math.max(femur.distanceMm(...at), tibia.distanceMm(...at))).toBeLessThan(9);
  }
  // Where the condyles rest on the plateau there is cartilage, no meniscus.
  const contact = knee.landmarks.find((l) => l.name === "medial plateau centre")!.positionMm;
  const nearest = Math.min(...parts.map(({ at }) => Math.hypot(at[0] - contact[0], at[1] - contact[1], at[2] - contact[2]))); // prettier-ignore
  expect(nearest).toBeGreaterThan(4);
});

test("the joint capsule is a thin layer on bone, beside the joint only", () => {
  for (const { at, index } of voxels(scene, "joint capsule")) {
    expect(scene.boneDistanceMm[index]).toBeLessThan(CAPSULE_MM);
    expect(Math.abs(at[2])).toBeLessThan(80);
  }
});

test("the collateral ligaments lie on their sides and hug the bones, and the vessels run behind", () => {
  for (const { at, index } of voxels(scene, "medial collateral ligament")) {
    expect(at[0]).toBeLessThan(-15);
    expect(scene.boneDistanceMm[index]).toBeLessThan(8); // bridging the gap between the condyles
  }
  for (const { at } of voxels(scene, "lateral collateral ligament")) expect(at[0]).toBeGreaterThan(15);
  for (const name of ["popliteal artery", "popliteal vein"]) {
    for (const { at, index } of voxels(scene, name)) {
      expect(at[1]).toBeLessThan(0);
      expect(scene.boneDistanceMm[index], name).toBeGreaterThan(0);
    }
  }
});

test("an effusion fills the suprapatellar recess and moves no bone", () => {
  expect(volumeMl(scene, "suprapatellar recess")).toBeLessThan(4);
  expect(volumeMl(swollen, "suprapatellar recess")).toBeGreaterThan(4 * volumeMl(scene, "suprapatellar recess"));
  const patella = voxels(scene, "bone").length;
  expect(Math.abs(voxels(swollen, "bone").length - patella) / patella).toBeLessThan(0.002);
});
