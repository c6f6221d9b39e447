import { beforeAll, expect, test } from "vitest";
import { servedClocks, threeWays, type ThreeWays } from "../../src/verify/three-ways.ts";

/** What the issue asks for: the surfaces of the three ways are the same within this. */
const SAME_SURFACE_MM = 0.05;
/** Readings of a scan of 6 s on a busy computer find a skew to some 100 ppm; 200 ppm lie between the clocks. */
const SKEW_TOLERANCE = 1.5e-4;

let ways: ThreeWays;
beforeAll(async () => {
  ways = await threeWays("test");
}, 900_000); // a guard alone: on a quiet computer it takes a tenth

test("a replay of the recording gives the bytes of the first way, recording and report", () => {
  expect(ways.differingBytes).toBe(0);
});

test("over the wire every image and every tracker frame arrives, pixel for pixel", () => {
  expect({ lost: ways.lost, changed: ways.changed }).toEqual({ lost: 0, changed: 0 });
});

test("device clocks that are hours apart and drift are found, and each by its own rate", () => {
  const [images, poses] = ways.clocks;
  expect(Math.abs(images!.aheadS - poses!.aheadS)).toBeGreaterThan(servedClocks.motive.offsetS);
  expect(Math.abs(images!.skew - servedClocks.plus.skew)).toBeLessThan(SKEW_TOLERANCE);
  expect(Math.abs(poses!.skew - servedClocks.motive.skew)).toBeLessThan(SKEW_TOLERANCE);
});

test("over the wire comes the same surface within 0.05 mm, in the mean and for 95 % of it", () => {
  expect(ways.meanMm).toBeLessThan(SAME_SURFACE_MM);
  expect(ways.p95Mm).toBeLessThan(SAME_SURFACE_MM);
});

test("the three ways use the same frames and score alike within 0.05 mm", () => {
  for (const way of [ways.replayed, ways.overWire]) {
    // Not the RMS: a few far triangles of false bone, which come and go with a voxel, move it more than the clocks do.
    for (const id of ["patella.reachable.assd", "pose.imageRms"]) {
      const difference = way.headline[id]!.value - ways.inProcess.headline[id]!.value;
      expect(Math.abs(difference), id).toBeLessThan(SAME_SURFACE_MM);
    }
    // The last or the first image may lie a fraction of a millisecond outside the poses.
    expect(Math.abs(way.frames.used - ways.inProcess.frames.used)).toBeLessThanOrEqual(1);
  }
});
