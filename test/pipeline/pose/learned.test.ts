import { expect, test } from "vitest";
import { domainDistance, trust } from "../../../src/pipeline/pose/learned/domain.ts";
import { PATCH_FEATURES, STEP_FEATURES } from "../../../src/pipeline/pose/learned/features.ts";
import { applyCorrection, infer, openPoseSession } from "../../../src/pipeline/pose/learned/recover.ts";
import { defaultPoseCard, loadPoseModel } from "../../../src/scenario/pose-model.ts";
import { parseTrajectory } from "../../../src/io/trajectory-file.ts";
import { sceneCuts } from "../../../src/pipeline/pose/inspect.ts";
import type { PairObservation } from "../../../src/pipeline/pose/decorrelation/observe-pair.ts";

const steps = {
  txMm: Float64Array.of(0, 0.1, -0.1),
  tyMm: Float64Array.of(0, 0, 0.1),
  tzMm: Float64Array.of(0, 0.4, -0.5),
  rxRad: Float64Array.of(0, 0.001, -0.002),
  ryRad: Float64Array.of(0, 0, 0.001),
  rzRad: Float64Array.of(0, 0.002, 0),
  tzSdMm: Float64Array.of(0, 0.1, 0.1),
  misfit: Float64Array.of(1, 1, 1),
  lagDisagreement: 0,
  feignedScaleSd: 0,
  middleMm: [0, 20] as const,
};
const told = { steps: 2, sign: Int8Array.of(1, -1), middleMm: [0, 20] as const };

test("a network that says nothing leaves the classical steps as they are", () => {
  const same = applyCorrection(steps, told, { mean: new Float32Array(12) }, 1);
  for (const key of ["txMm", "tyMm", "tzMm", "rxRad", "ryRad", "rzRad"] as const)
    same[key].forEach((value, i) => expect(value).toBeCloseTo(steps[key][i]!, 12));
});

test("outside its domain the network's correction does not count", () => {
  const wild = { mean: new Float32Array(12).fill(0.3) };
  expect(applyCorrection(steps, told, wild, 0).tzMm[1]).toBeCloseTo(0.4, 12);
  const way = (s: typeof steps): number => s.tzMm[1]! + 20 * s.rxRad[1]!;
  expect(way(applyCorrection(steps, told, wild, 1) as typeof steps) / way(steps)).toBeCloseTo(Math.exp(0.3), 6);
});

test("distance to the training domain is Mahalanobis over the square root of the dimension", () => {
  const domain = { mean: [1, 2], covariance: [[4, 0], [0, 9]] }; // prettier-ignore
  // 2 SD along one axis and 1 along the other; the covariance is widened by 1 %.
  expect(domainDistance(domain, Float64Array.of(5, 5))).toBeCloseTo(Math.sqrt((4 + 1) / 2 / 1.01), 3);
  expect([trust(1), trust(2.3), trust(5)]).toEqual([1, expect.closeTo(0.5, 9), 0]);
});

test("the network that ships opens and answers in the shapes that the pipeline reads", async () => {
  const session = await openPoseSession((await loadPoseModel(defaultPoseCard)).weights);
  const patch = new Float32Array(3 * 5 * PATCH_FEATURES),
    step = new Float32Array(3 * STEP_FEATURES);
  const features = { steps: 3, patches: 5, patch, step, sign: new Int8Array(3).fill(1), middleMm: [0, 20] as const };
  const { mean, rate } = await infer(session, features);
  expect([mean.length, rate.length]).toEqual([18, 9]);
  expect([...mean, ...rate].every((x) => Number.isFinite(x))).toBe(true);
});

test("trajectories are read by their columns, and a line that is no pose is named", () => {
  const kitti = parseTrajectory("1 0 0 1 0 1 0 2 0 0 1 3\n", "a.txt");
  expect([kitti.format, ...kitti.poses]).toEqual(["kitti", 1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3]);
  expect([...parseTrajectory("# t x\n5 1 2 3 0 0 0 1\n", "a.tum").poses]).toEqual([...kitti.poses]);
  const csv = parseTrajectory("time_s,status,r\n0,tracked,1,0,0,1,0,1,0,2,0,0,1,3\n1,none,,,,,,,,,,,,\n", "poses.csv");
  expect([...csv.poses.subarray(0, 12)]).toEqual([...kitti.poses]);
  expect(csv.poses[12]).toBeNaN();
  expect(() => parseTrajectory("2 0 0 1 0 1 0 2 0 0 1 3\n", "a.txt")).toThrow("line 1");
  expect(() => parseTrajectory("1 2 3\n", "a.txt")).toThrow("1 lines of 3 columns");
});

test("a scene cut is the one pair of which nothing is found again", () => {
  const usable = new Uint8Array(20).fill(1);
  const pair = (found: number): PairObservation => {
    const none = new Float64Array(20);
    return { found: Uint8Array.from(usable, (_, i) => (i < found ? 1 : 0)), dxMm: none, dyMm: none, peak: none, bendX: none, bendY: none }; // prettier-ignore
  };
  const frame = { usable, snr: new Float64Array(20), across: new Float64Array(20), down: new Float64Array(20) };
  const frames = Array.from({ length: 6 }, () => frame);
  const pairs = new Map([[1, [undefined, pair(18), pair(17), pair(1), pair(18), pair(19)]]]);
  expect(sceneCuts({ pairs, frames })).toEqual([3]);
});
