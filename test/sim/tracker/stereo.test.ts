import { expect, test } from "vitest";
import { fromAxisAngle, invert, multiply3x4, rotationAngle, transformPoint } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { standardDeviation } from "../../../src/core/stats.ts";
import { duoClass, fourMarkerBody, observeBody, type StereoTracker } from "../../../src/sim/tracker/stereo.ts";

const body = fourMarkerBody("Probe");

function repeat(tracker: StereoTracker, pose: Float64Array, count: number): Float64Array[] {
  const rng = createRng("stereo");
  return Array.from({ length: count }, () => {
    const reading = observeBody(tracker, body, pose, rng);
    if (reading.status !== "tracked") throw new Error(reading.status);
    return reading.trackerFromTool as Float64Array;
  });
}

test("without noise the pose is exact", () => {
  const pose = fromAxisAngle<"tracker", "probe">([1, 2, 3], 0.7, [40, -30, 1100]).m as Float64Array;
  const [seen] = repeat({ ...duoClass, centroidNoisePx: 0 }, pose, 1);
  /** Two divisions by a disparity of 150 px in doubles, times 1 m. */
  const ROUNDING_MM = 1e-9;
  seen!.forEach((value, i) => expect(Math.abs(value - pose[i]!)).toBeLessThan(ROUNDING_MM));
});

test("at 1 m the depth of the markers' centroid is 6 to 9 times less precise than its lateral position", () => {
  const poses = repeat(duoClass, fromAxisAngle<"tracker", "probe">([1, 0, 0], 0, [0, 0, 1000]).m as Float64Array, 4000);
  const centroid = poses.map((m) => transformPoint(m, 0, 0, 3)); // of the four markers
  const lateral = standardDeviation(centroid.map((p) => p[0])),
    depth = standardDeviation(centroid.map((p) => p[2]));
  // The fit puts centroid on centroid. One marker: σ_z = √2 z² s/(f b); σ_x² = (z s/(f √2))² + (x σ_z/z)².
  const z = 1000, s = 0.05, f = 736, b = 220; // prettier-ignore
  const sigmaZ = (Math.SQRT2 * z * z * s) / (f * b);
  const meanX2 = (46 ** 2 + 52 ** 2 + 14 ** 2 + 20 ** 2) / 4;
  const sigmaX = Math.sqrt(((z * s) / (f * Math.SQRT2)) ** 2 + (meanX2 * sigmaZ ** 2) / z ** 2);
  /** Standard error of an SD from 4000 samples is 1.1 %; 4 of them. */
  const SHARE = 0.045;
  expect(Math.abs(lateral / (sigmaX / 2) - 1)).toBeLessThan(SHARE);
  expect(Math.abs(depth / (sigmaZ / 2) - 1)).toBeLessThan(SHARE);
  expect(Math.abs((depth * (1 + 2 * SHARE)) / (sigmaZ / 2) - 1)).toBeGreaterThan(SHARE);
  // With the two cameras' average in the lateral direction the published ratio of 6 becomes 6 to 9.
  expect(depth / lateral).toBeGreaterThan(6);
  expect(depth / lateral).toBeLessThan(9);
});

test("tilt at 1 m is about a third of a degree, and depth error grows with the square of the distance", () => {
  const at = (z: number) => {
    const pose = fromAxisAngle<"tracker", "probe">([1, 0, 0], 0, [0, 0, z]);
    const poses = repeat(duoClass, pose.m as Float64Array, 1500);
    const angles = poses.map((m) => rotationAngle(multiply3x4(invert(pose).m as Float64Array, m)));
    return {
      rmsDeg: (Math.sqrt(angles.reduce((sum, a) => sum + a * a, 0) / angles.length) * 180) / Math.PI,
      depth: standardDeviation(poses.map((m) => m[11]!)),
    };
  };
  const near = at(1000), far = at(1500); // prettier-ignore
  // Published band of a V120:Trio with an ultrasound probe: 0.33-0.62° (Cai et al.); two tilt axes together.
  expect(near.rmsDeg).toBeGreaterThan(0.3);
  expect(near.rmsDeg).toBeLessThan(0.65);
  expect(far.depth / near.depth).toBeGreaterThan(2.25 * 0.92);
  expect(far.depth / near.depth).toBeLessThan(2.25 * 1.08);
});

test("a body outside the field of view is out of volume and has no pose", () => {
  const reading = observeBody(
    duoClass,
    body,
    fromAxisAngle<"tracker", "probe">([1, 0, 0], 0, [900, 0, 1000]).m,
    createRng("out"),
  );
  expect(reading).toEqual({ tool: "Probe", status: "out-of-volume" });
});
