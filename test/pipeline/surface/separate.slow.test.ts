import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import type { DigitisedPoint } from "../../../src/data/recording.ts";
import type { BoneName, Surface } from "../../../src/data/surface.ts";
import { isosurface } from "../../../src/geometry/isosurface.ts";
import {
  connectedComponents,
  mergeMeshes,
  surfaceArea,
  transformMesh,
  vertexCount,
  type Mesh,
} from "../../../src/geometry/mesh.ts";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import { separateBones } from "../../../src/pipeline/surface/separate.ts";
import { forCases } from "../../support/cases.ts";

type Point = readonly [number, number, number];

/** An ellipsoid as a closed mesh, mm. */
const ellipsoid = (centre: Point, radii: Point): Mesh => together([[centre, radii]]);

/** Ellipsoids (centre, radii) that overlap, as one closed mesh, mm. */
function together(parts: readonly (readonly [Point, Point])[]): Mesh {
  const spacing = 1;
  const least = [0, 1, 2].map((a) => Math.min(...parts.map(([c, r]) => c[a]! - r[a]!))),
    most = [0, 1, 2].map((a) => Math.max(...parts.map(([c, r]) => c[a]! + r[a]!)));
  const centre = least.map((low, a) => (low + most[a]!) / 2),
    radii = least.map((low, a) => (most[a]! - low) / 2);
  const shape = radii.map((r) => 2 * Math.ceil(r / spacing) + 5) as [number, number, number];
  const originMm = centre.map((c, a) => c - ((shape[a]! - 1) / 2) * spacing) as [number, number, number];
  const grid = { shape, spacingMm: [spacing, spacing, spacing], originMm } as const;
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (let i = 0; i < values.length; i++) {
    const index = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / shape[0] / shape[1])];
    const at = index.map((n, a) => originMm[a]! + n * spacing);
    values[i] = Math.min(...parts.map(([c, r]) => Math.hypot(...at.map((x, a) => (x - c[a]!) / r[a]!)) - 1));
  }
  return isosurface(grid, values, 0, { inside: "below" });
}

/** A straight knee in blocks, X to the right, Y to the front, Z up, the joint 28 mm below the epicondyles. */
const blocks: Readonly<Record<BoneName, Mesh>> = {
  femur: mergeMeshes([ellipsoid([0, 0, 2], [40, 28, 27]), ellipsoid([0, 0, 45], [15, 14, 30])]),
  tibia: mergeMeshes([ellipsoid([0, 0, -45], [37, 24, 15]), ellipsoid([0, 8, -75], [14, 14, 30])]),
  patella: ellipsoid([0, 41, 12], [21, 8, 20]),
  fibula: ellipsoid([40, -18, -62], [8, 8, 17]),
};
/** On the skin, 5 mm outside the bones. */
const touched: readonly (readonly [string, Point])[] = [
  ["femur-medial-epicondyle", [-45, 0, 0]],
  ["femur-lateral-epicondyle", [45, 0, 0]],
  ["patella-superior-pole", [0, 46, 32]],
  ["patella-inferior-pole", [0, 46, -8]],
  ["tibia-tubercle", [0, 27, -65]],
  ["tibia-medial-plateau", [-42, 0, -29]],
  ["tibia-lateral-plateau", [42, 0, -29]],
  ["fibula-head", [46, -20, -47]],
];
const names = Object.keys(blocks) as BoneName[];
const whole: Mesh = mergeMeshes(names.map((name) => blocks[name]));

const sheetOf = (mesh: Mesh): Surface => ({
  bone: "bone",
  mesh,
  observations: Float32Array.from({ length: vertexCount(mesh) }, (_, v) => v),
  removed: [{ reason: "island", triangles: 1, areaMm2: 1 }],
});

/** A border that lies 4 mm off across bones of 30 to 80 mm. */
const PALPATED_SHARE = 0.1;
/** Share of each block's area that may go to another bone. */
const WRONG_SHARE = 0.03;

test("bones are told apart with 4 mm of error on every touched point, however the knee lies in space", () => {
  forCases(8, "separate", (rng) => {
    const pose = fromAxisAngle<"knee", "femur">([rng.normal(), rng.normal(), rng.normal()], Math.PI * rng.uniform(), [
      50 * rng.normal(),
      50 * rng.normal(),
      50 * rng.normal(),
    ]).m;
    const points = touched.map(([name, [x, y, z]]): DigitisedPoint => {
      const off = (): number => (4 / Math.sqrt(3)) * rng.normal();
      return { name, body: "Reference", positionMm: transformPoint(pose, x + off(), y + off(), z + off()) };
    });
    const surfaces = separateBones(sheetOf(transformMesh(whole, pose)), points);
    expect(surfaces.map(({ bone }) => bone).toSorted()).toEqual(names.toSorted());
    for (const { bone, mesh } of surfaces) {
      const area = surfaceArea(blocks[bone as BoneName]);
      expect(Math.abs(surfaceArea(mesh) / area - 1)).toBeLessThan(PALPATED_SHARE);
    }
  });
});

test("with exact points each bone is the block it came from, and no triangle is lost", () => {
  const points = touched.map(([name, positionMm]): DigitisedPoint => ({ name, body: "Reference", positionMm }));
  const sheet = sheetOf(whole);
  const surfaces = separateBones(sheet, points);
  expect(surfaces.reduce((n, { mesh }) => n + mesh.triangles.length, 0)).toBe(whole.triangles.length);
  for (const { bone, mesh, observations } of surfaces) {
    expect(Math.abs(surfaceArea(mesh) / surfaceArea(blocks[bone as BoneName]) - 1)).toBeLessThan(WRONG_SHARE);
    expect(observations.length).toBe(vertexCount(mesh));
  }
  expect(surfaces.flatMap(({ removed }) => removed)).toEqual(sheet.removed);
});

test("without landmarks, or with too few, everything is one bone without a name", () => {
  const sheet = sheetOf(whole);
  expect(separateBones(sheet, [])).toEqual([sheet]);
  const few = touched
    .slice(0, 2)
    .map(([name, positionMm]): DigitisedPoint => ({ name, body: "Reference", positionMm }));
  expect(separateBones(sheet, few)).toEqual([sheet]);
});

test("without the poles there is no patella, without the fibular head no fibula", () => {
  const points = touched
    .filter(([name]) => !name.startsWith("patella") && !name.startsWith("fibula"))
    .map(([name, positionMm]): DigitisedPoint => ({ name, body: "Reference", positionMm }));
  const surfaces = separateBones(sheetOf(whole), points);
  expect(surfaces.map(({ bone }) => bone)).toEqual(["femur", "tibia"]);
});

test.each([
  ["a whole tibia, touched 4 mm too low", 4, blocks.tibia],
  [
    "the upper 14 mm of a tibia, as few strokes leave it, touched 11 mm too low",
    11,
    ellipsoid([0, 0, -37], [37, 24, 7]),
  ],
] as const)("the joint line is found by the gap between the bones: %s", (_, lowMm, tibia) => {
  const rng = createRng("separate/low");
  const points = touched.map(([name, [x, y, z]]): DigitisedPoint => {
    const low = name.startsWith("tibia-") && name.endsWith("plateau") ? lowMm : 0;
    return { name, body: "Reference", positionMm: [x, y, z - low + 0.1 * rng.normal()] };
  });
  const sheet = mergeMeshes(names.map((name) => (name === "tibia" ? tibia : blocks[name])));
  const found = separateBones(sheetOf(sheet), points).find(({ bone }) => bone === "tibia")!;
  expect(Math.abs(surfaceArea(found.mesh) / surfaceArea(tibia) - 1)).toBeLessThan(WRONG_SHARE);
});

test("a part of the tibia that hangs on the fibula alone, as few strokes leave it, is not told to the fibula", () => {
  const fibula = [[40, -18, -62], [8, 8, 17]] as const, // prettier-ignore
    beside = [[29, -10, -62], [7, 10, 12]] as const; // prettier-ignore
  const joined = together([fibula, beside]);
  expect(connectedComponents(joined).count).toBe(1);
  const points = touched.map(([name, positionMm]): DigitisedPoint => ({ name, body: "Reference", positionMm }));
  const surfaces = separateBones(sheetOf(mergeMeshes([blocks.femur, blocks.tibia, joined])), points);
  const found = surfaces.find(({ bone }) => bone === "fibula")!;
  const alone = surfaceArea(blocks.fibula);
  expect(surfaceArea(joined)).toBeGreaterThan(1.4 * alone);
  expect(Math.abs(surfaceArea(found.mesh) / alone - 1)).toBeLessThan(0.2);
});
