import { beforeAll, describe, expect, test } from "vitest";
import { compose, fromAxisAngle, invert, rotationAngle, transformPoint } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { edgeDefects, type Mesh, signedVolume, transformMesh } from "../../../src/geometry/mesh.ts";
import { sampleTrilinear } from "../../../src/geometry/grid.ts";
import { type AnatomyInput, buildAnatomy } from "../../../src/sim/anatomy/anatomy.ts";
import { mirrorPhantom } from "../../../src/sim/anatomy/mirror.ts";
import type { Phantom } from "../../../src/sim/anatomy/phantom.ts";
import { buildKnee, type Knee } from "../../../src/sim/knee/knee.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";

/** Re-imported bones: two lattices of 1 mm and triangles of 1 mm lie between the two fields. */
const SAME_FIELD_MM = 0.1;
/** The knee frame is found from the shape: what the average femur differs from this one tilts it. */
const FRAME_RAD = 0.1,
  FRAME_MM = 4;

/** Where the scanner's origin is, and how the leg lies: an oblique frame that nobody chose. */
const fileFromKnee = fromAxisAngle<"reference", "knee">([0.3, 1, 0.4], 0.25, [120, -80, 900]);

let knee: Knee, phantom: Phantom;
const meshOf = (name: string): Mesh => transformMesh(knee.bones.find((b) => b.name === name)!.mesh, fileFromKnee.m);
const input = (): AnatomyInput => ({
  bones: {
    femur: { file: "femur.stl", mesh: meshOf("femur") },
    tibia: { file: "tibia.stl", mesh: meshOf("tibia") },
    patella: { file: "patella.stl", mesh: meshOf("patella") },
    fibula: { file: "fibula.stl", mesh: meshOf("fibula") },
  },
  cartilage: [],
  menisci: [],
  side: "right",
});

beforeAll(async () => {
  knee = await buildKnee(typicalKnee(createRng("anatomy"), "female"), { flexionRad: 0.5 });
  phantom = await buildAnatomy(input(), createRng("around"));
}, 300_000);

describe("the parametric knee's own meshes, exported in an oblique frame and brought back", () => {
  test("have a knee frame near the one they came from", () => {
    const { kneeFromPhantom } = align();
    expect(rotationAngle(kneeFromPhantom.m)).toBeLessThan(FRAME_RAD);
    expect(Math.hypot(...transformPoint(kneeFromPhantom.m, 0, 0, 0))).toBeLessThan(FRAME_MM);
  });

  test("give the same fields within 0.1 mm near the surface", () => {
    const { kneeFromPhantom } = align();
    for (const bone of phantom.bones) {
      const original = knee.bones.find((b) => b.name === bone.name)!;
      const rng = createRng(`fields/${bone.name}`);
      const { positions } = bone.mesh;
      const errors: number[] = [];
      for (let i = 0; i < 2000; i++) {
        const v = 3 * rng.integer(positions.length / 3);
        const at = [0, 1, 2].map((axis) => positions[v + axis]! + 2 * (rng.uniform() - 0.5)) as [
          number,
          number,
          number,
        ];
        const there = original.distance.distanceMm(...transformPoint(kneeFromPhantom.m, ...at));
        errors.push(Math.abs(bone.distance.distanceMm(...at) - there));
      }
      errors.sort((a, b) => a - b);
      // The sawn ends have an edge that two lattices round differently.
      expect(errors[Math.floor(0.99 * errors.length)], bone.name).toBeLessThan(SAME_FIELD_MM);
    }
  });

  test("are closed surfaces with their regions, and the sawn ends are caps", () => {
    for (const { name, mesh, region, regionNames } of phantom.bones) {
      expect(edgeDefects(mesh), name).toEqual({ open: 0, nonManifold: 0 });
      expect(region.length).toBe(mesh.triangles.length / 3);
      const capped = region.some((r) => regionNames[r] === "cap");
      expect(capped, name).toBe(name !== "patella");
    }
  });

  test("are bent as they lie", () => {
    expect(Math.abs(phantom.guide().flexionRad - 0.5)).toBeLessThan(0.12);
  });

  test("have landmarks on the same spots", () => {
    const { kneeFromPhantom } = align();
    // Extremes of flat parts wander with the tilt of the frame.
    const within: Readonly<Record<string, number>> = {
      "medial epicondyle": 7,
      "lateral epicondyle": 7,
      "tibial tubercle": 6,
      "patellar centre": 4,
      "fibular tip": 2,
    };
    for (const [name, limitMm] of Object.entries(within)) {
      const mine = phantom.landmarks.find((l) => l.name === name)!.positionMm,
        original = knee.landmarks.find((l) => l.name === name)!.positionMm;
      const [x, y, z] = transformPoint(kneeFromPhantom.m, ...mine);
      expect(Math.hypot(x - original[0], y - original[1], z - original[2]), name).toBeLessThan(limitMm);
    }
  });

  test("are told by no warning", () => expect(phantom.warnings).toEqual([]));
});

/** The frame that the meshes came from, as seen from the one that was found. */
function align() {
  return { kneeFromPhantom: compose(invert(fileFromKnee), invert(phantom.kneeFromFile)) };
}

test("a left knee is the mirror image of a right one, scene included", () => {
  const left = mirrorPhantom(phantom);
  expect(left.lateralSign).toBe(-1);
  expect(left.guide().tubercleMm[0]).toBe(-phantom.guide().tubercleMm[0]);
  for (const [i, { mesh, distance }] of left.bones.entries()) {
    expect(signedVolume(mesh)).toBeCloseTo(signedVolume(phantom.bones[i]!.mesh), 0);
    for (let v = 0; v < mesh.positions.length; v += 3000) {
      expect(Math.abs(distance.distanceMm(mesh.positions[v]!, mesh.positions[v + 1]!, mesh.positions[v + 2]!))).toBeLessThan(0.05); // prettier-ignore
    }
  }
  // The tibia's motion and the mirrored mesh say the same: M·(T·p) = (M·T·M)·(M·p).
  const [x, y, z] = transformPoint(phantom.pose.kneeFromTibia.m, 10, 20, -30);
  const there = transformPoint(left.pose.kneeFromTibia.m, -10, 20, -30);
  [-x, y, z].forEach((value, axis) => expect(there[axis]).toBeCloseTo(value, 6));
  const mirrored = left.scene({ spacingMm: 3 }),
    right = phantom.scene({ spacingMm: 3 });
  const rng = createRng("mirror");
  for (let i = 0; i < 200; i++) {
    const at = [160 * (rng.uniform() - 0.5), 100 * (rng.uniform() - 0.5), 150 * (rng.uniform() - 0.5)] as const;
    const of = ({ grid, skinDistanceMm }: typeof right, px: number): number =>
      sampleTrilinear(grid, skinDistanceMm, px, at[1], at[2], 99);
    expect(of(mirrored, -at[0])).toBeCloseTo(of(right, at[0]), 3);
  }
  expect(mirrored.tissue.filter((label) => label === 4).length).toBe(
    right.tissue.filter((label) => label === 4).length,
  );
});

test("what is no femur, and metres taken for millimetres, are refused with the file's name", async () => {
  const exchanged = input();
  const { femur, tibia } = exchanged.bones;
  await expect(
    buildAnatomy(
      { ...exchanged, bones: { femur: { file: "femur.stl", mesh: tibia.mesh }, tibia: femur } },
      createRng("x"),
    ),
  ).rejects.toThrow(/\.stl does not look like/);
  const metres = { positions: femur.mesh.positions.map((v) => v * 0.1), triangles: femur.mesh.triangles };
  await expect(
    buildAnatomy({ ...exchanged, bones: { femur: { file: "femur.stl", mesh: metres }, tibia } }, createRng("x")),
  ).rejects.toThrow(/femur\.stl would be a femur 7\.\d+ mm wide/);
}, 300_000);
