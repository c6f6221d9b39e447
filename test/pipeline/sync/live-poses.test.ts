import { expect, test } from "vitest";
import { createLivePoses, type LivePoses } from "../../../src/pipeline/sync/live-poses.ts";
import { trackFrames } from "../../../src/pipeline/sync/track-frames.ts";
import { imageSample, moved, poseSample, tracked } from "../../support/live-scan.ts";

/** Products and an interpolation of numbers below 100. */
const ROUNDING_MM = 1e-9;
const LAG_S = 0.1,
  SPEED_MM_PER_S = 10;
const fixed = [{ from: "Image", to: "Probe", m: moved(0) }];

const following = (lagS = LAG_S, reference = "Tracker"): LivePoses =>
  createLivePoses(fixed, () => reference, { ...trackFrames.defaults, imageName: "Image", imageLagS: lagS });

/** Poses of a probe that moves along z, at 100 Hz, from 0 s. */
function give(poses: LivePoses, untilS: number, fromS = 0, epoch = 0): void {
  for (let i = Math.round(fromS * 100); i <= untilS * 100; i++)
    poses.addPoses(poseSample(i, i / 100, [tracked("Probe", moved((SPEED_MM_PER_S * i) / 100))], epoch));
}

test("an image lies where the probe was when it was taken, the lag taken off", () => {
  const poses = following();
  give(poses, 2);
  const image = imageSample(0, 1.234);
  poses.addImage(image);
  const pose = poses.poseOf(image);
  expect(pose.status).toBe("posed");
  const zMm = pose.status === "posed" ? pose.referenceFromPixel[11]! : NaN;
  expect(Math.abs(zMm - SPEED_MM_PER_S * (1.234 - LAG_S))).toBeLessThan(ROUNDING_MM);
});

test("it is worth waiting until the tracker's next sample has come, and not for what is past", () => {
  const poses = following();
  const early = imageSample(0, 1.5);
  poses.addImage(early);
  expect(poses.poseOf(early).status).toBe("waiting");
  give(poses, 1.3, 1.2);
  expect(poses.poseOf(early).status).toBe("waiting");
  give(poses, 1.5, 1.31);
  expect(poses.poseOf(early).status).toBe("posed");
  const late = imageSample(1, 1.1);
  expect(poses.poseOf(late)).toMatchObject({
    status: "unposed",
    reason: '"Probe" has no pose at the time of the frame',
  });
});

test("a probe that is not seen gives no pose, and the reason is told", () => {
  const poses = following(0);
  give(poses, 1);
  poses.addPoses(poseSample(101, 1.01, [{ tool: "Probe", status: "occluded" }]));
  poses.addPoses(poseSample(102, 1.02, [{ tool: "Probe", status: "occluded" }]));
  const image = imageSample(0, 1.015);
  poses.addImage(image);
  expect(poses.poseOf(image)).toEqual({ status: "unposed", reason: '"Probe" occluded' });
});

test("the bone is told in the frame of another body once that is there", () => {
  const poses = following(0, "Femur");
  give(poses, 1);
  const image = imageSample(0, 0.5);
  poses.addImage(image);
  expect(() => poses.poseOf(image)).toThrow('"Femur"');
  for (let i = 0; i <= 100; i++)
    poses.addPoses(poseSample(i, 2 + i / 100, [tracked("Probe", moved(7)), tracked("Femur", moved(2))]));
  const next = imageSample(1, 2.5);
  poses.addImage(next);
  const pose = poses.poseOf(next);
  expect(pose.status === "posed" && pose.referenceFromPixel[11]).toBe(5);
});

test("images after a change of depth are not placed by the calibration of those before", () => {
  const poses = following(0);
  give(poses, 2);
  poses.addImage(imageSample(0, 1));
  expect(poses.poseOf(imageSample(1, 1.1, 1))).toMatchObject({ status: "unposed" });
  poses.reset();
  give(poses, 2);
  const image = imageSample(1, 1.1, 1);
  poses.addImage(image);
  expect(poses.poseOf(image).status).toBe("posed");
});

test("poses from before the tracker's clock was set are forgotten", () => {
  const poses = following(0);
  give(poses, 1);
  give(poses, 11, 10, 1);
  const before = imageSample(0, 0.5),
    after = imageSample(1, 10.5);
  poses.addImage(before);
  poses.addImage(after);
  expect(poses.poseOf(before).status).toBe("unposed");
  expect(poses.poseOf(after).status).toBe("posed");
});

test("after a quarter of an hour it holds a few seconds of poses and is right still", () => {
  const poses = following(0);
  give(poses, 900);
  const image = imageSample(0, 895.005);
  poses.addImage(image);
  const pose = poses.poseOf(image);
  const zMm = pose.status === "posed" ? pose.referenceFromPixel[11]! : NaN;
  expect(Math.abs(zMm - SPEED_MM_PER_S * 895.005)).toBeLessThan(1e-6);
  expect(poses.poseOf(imageSample(1, 100)).status).toBe("unposed");
});
