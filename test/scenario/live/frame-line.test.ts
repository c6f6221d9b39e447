import { expect, test } from "vitest";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { createFrameLine, type FrameLineOptions, type LiveFrame } from "../../../src/scenario/live/frame-line.ts";
import type { Looked } from "../../../src/scenario/live/look.ts";
import { imageSample, moved } from "../../support/live-scan.ts";

const mask = (bone = 1): BoneMask => ({
  width: 2,
  height: 2,
  probability: new Uint8Array(4),
  ridgeRowPx: Float32Array.of(1, 1),
  ridgeConfidence: Float32Array.of(bone, bone),
  ridgeSdPx: Float32Array.of(1, 1),
});
const looked = (bone = 1): Looked => ({ mask: mask(bone), pixelMm: [1, 1], facePx: [0, 0] });

function lineOf(options: Partial<FrameLineOptions> = {}) {
  const done: LiveFrame[] = [],
    refused: string[] = [],
    inserted: number[] = [];
  const line = createFrameLine({
    lanes: 1,
    nowS: () => 0,
    poseOf: () => ({ status: "posed", referenceFromPixel: moved(0) }),
    look: async () => looked(),
    insert: async () => void inserted.push(1),
    done: (frame) => done.push(frame),
    refused: (reason) => refused.push(reason),
    ...options,
  });
  return { line, done, refused, inserted };
}

test("while one image is looked at, of those that come only the newest is kept, and the others are counted", async () => {
  const release: (() => void)[] = [];
  const { line, done } = lineOf({
    look: () => new Promise((resolve) => release.push(() => resolve(looked()))),
  });
  for (let i = 0; i < 10; i++) line.push(imageSample(i, i), i);
  expect(line.skipped).toBe(8);
  while (line.onTheWay > 0) {
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(done.map(({ order }) => order)).toEqual([1, 10]);
});

test("a slow surface holds up the looking after two frames, and nobody who pushes", async () => {
  let begun = 0;
  const { line, done } = lineOf({
    look: async () => {
      begun++;
      return looked();
    },
    insert: () => new Promise(() => undefined),
  });
  for (let i = 0; i < 20; i++) {
    line.push(imageSample(i, i), i);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(begun).toBe(2);
  expect(done).toEqual([]);
  expect(line.skipped).toBe(17);
});

test("a frame without bone or without a pose does not touch the surface", async () => {
  const none = lineOf({ look: async () => looked(0) });
  none.line.push(imageSample(0, 0), 0);
  await none.line.idle();
  expect([none.inserted.length, none.done.length]).toEqual([0, 1]);
  const lost = lineOf({ poseOf: () => ({ status: "unposed", reason: "occluded" }) });
  lost.line.push(imageSample(0, 0), 0);
  await lost.line.idle();
  expect([lost.inserted.length, lost.done[0]?.unposed]).toEqual([0, "occluded"]);
});

test("an image waits for the tracker, and goes on without a pose when it has waited long enough", async () => {
  let nowS = 0;
  const { line, done } = lineOf({ nowS: () => nowS, poseOf: () => ({ status: "waiting" }) });
  line.push(imageSample(0, 0), 0);
  line.pump();
  expect([line.onTheWay, done.length]).toEqual([1, 0]);
  nowS = 0.2;
  line.pump();
  await line.idle();
  expect(done[0]?.unposed).toContain("tracker has no pose");
});

test("an image that cannot be looked at is told of and does not end the line", async () => {
  let first = true;
  const { line, done, refused } = lineOf({
    look: async () => {
      if (!first) return looked();
      first = false;
      throw new Error("colours");
    },
  });
  line.push(imageSample(0, 0), 0);
  await line.idle();
  line.push(imageSample(1, 1), 1);
  await line.idle();
  expect([refused, done.length]).toEqual([["colours"], 1]);
});
