import { expect, test } from "vitest";
import type { BoneReport } from "../../src/data/report.ts";
import type { ReportMesh } from "../../src/report/assets.ts";
import { nextSteps } from "../../src/report/next-steps.ts";
import { vertexCount } from "../../src/geometry/mesh.ts";
import { ball, boneReport, score, syntheticReport } from "./synthetic-report.ts";

const covered = (bone: BoneReport["bone"], share: number, areaCm2: number): BoneReport => {
  const all = boneReport(bone);
  const reachable = { ...score(0.8, [share / 4, share / 2, share, share]), truthAreaMm2: areaCm2 * 100 };
  return { ...all, scores: { ...all.scores, reachable } };
};

/** A true bone whose vertices on the side of `missed` have no result near them. */
function truth(bone: string, centre: readonly [number, number, number], missed: readonly number[]): ReportMesh {
  const mesh = ball(10, 16, centre);
  const count = vertexCount(mesh);
  const errorMm = Float32Array.from({ length: count }, (_, v) => {
    const out = [0, 1, 2].map((axis) => mesh.positions[3 * v + axis]! - centre[axis]!);
    return out.reduce((sum, part, axis) => sum + part * missed[axis]!, 0) > 5 ? 6 : 0.4;
  });
  return { bone, role: "truth", mesh, errorMm, reachable: new Uint8Array(count).fill(1) };
}

const leg = [
  truth("femur", [0, 0, 60], [0, 0, 0]),
  truth("tibia", [0, 0, -60], [0, 0, 0]),
  truth("patella", [0, 40, 10], [0, 0, 1]),
  truth("fibula", [25, 0, -70], [0, 0, 0]),
];
const quiet = { frames: { total: 100, used: 100, dropped: {}, samples: [] }, segmentation: null };

test("a bone with missed surface is to be scanned again, from where the missed part is met head-on", () => {
  const bones = [covered("femur", 0.97, 40), covered("patella", 0.85, 12)];
  expect(nextSteps(syntheticReport({ bones, ...quiet }), leg)).toEqual([
    'Patella: 85\u202f% of the bone that could be reached is covered within 2 mm, 1.8 cm² is missed, most in the region "trochlea". Scan it again from above.',
  ]);
});

test("the most missed area comes first, and a bone that was not found at all says so", () => {
  const none: BoneReport = { ...covered("fibula", 0, 9), regions: [], failure: "no surface" };
  const steps = nextSteps(syntheticReport({ bones: [covered("tibia", 0.9, 20), none], ...quiet }), []);
  expect(steps.map((step) => step.split(":")[0])).toEqual(["Fibula", "Tibia"]);
  expect(steps[0]).toBe("Fibula: none of the bone that could be reached was found (9.0 cm²). Scan it again.");
});

test("bones that are covered well enough ask for no scan", () => {
  const [step, ...more] = nextSteps(syntheticReport({ bones: [covered("femur", 0.96, 40)], ...quiet }), leg);
  expect(step).toMatch(/^Every bone is covered to 95/);
  expect(more).toEqual([]);
});

test("a bone whose missed part lies all around is given no direction", () => {
  const around = leg.map((mesh) => ({ ...mesh, errorMm: mesh.errorMm!.map(() => 6) }));
  const [step] = nextSteps(syntheticReport({ bones: [covered("patella", 0.5, 12)], ...quiet }), around);
  expect(step).toMatch(/Scan it again\.$/);
});

test("many images without use, and what sets the error, get a sentence each", () => {
  const all = boneReport("all");
  const segmentation = { ...syntheticReport().segmentation!, oracle: { assd: 0.2, hd95: 1, coverage2mm: 1 } };
  const frames = { total: 100, used: 80, dropped: { occluded: 15, "no contact": 5 }, samples: [] };
  const steps = nextSteps(syntheticReport({ bones: [covered("femur", 0.97, 9), all], segmentation, frames }), []);
  expect(steps[0]).toMatch(/^20\u202f% of the images could not be used, most of them because of: occluded\./);
  expect(steps[1]).toMatch(/^Of the mean distance of 0\.84 mm, 0\.64 mm come from finding bone/);
});

test("without truth the disagreement of the images is named, and nothing else is claimed", () => {
  const mesh = ball(20, 16);
  const quietMesh = { bone: "bone", role: "result" as const, mesh };
  const report = syntheticReport({ kind: "reconstruct", bones: [], ...quiet });
  const sdMm = (value: number): Float32Array => new Float32Array(vertexCount(mesh)).fill(value);
  expect(nextSteps(report, [{ ...quietMesh, sdMm: sdMm(0.2) }])[0]).toMatch(/cannot say what was missed/);
  expect(nextSteps(report, [{ ...quietMesh, sdMm: sdMm(0.8) }])[0]).toMatch(/images disagree by more than ±1 mm/);
});
