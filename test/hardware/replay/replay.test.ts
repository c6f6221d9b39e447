import { expect, test } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { deviceSeconds, hostSeconds, type Sample } from "../../../src/data/device.ts";
import type { PaceClock } from "../../../src/hardware/replay/pace.ts";
import { realPaceClock } from "../../../src/hardware/replay/pace.ts";
import { replayDevice } from "../../../src/hardware/replay/replay-device.ts";
import { replayImages, replayPoses } from "../../../src/hardware/replay/replay-recording.ts";
import { deviceContract } from "../../contract/device.ts";
import { poseTrack, tinyRecording } from "../../support/recordings.ts";

const COUNT = 12;
const timesS = Array.from({ length: COUNT }, (_, i) => 100 + i / 30);
const lost = new Float64Array(12).fill(NaN);
const poses = timesS.map((_, i) => (i === 4 ? lost : (fromAxisAngle([0, 0, 1], i / 10, [i, 0, 0]).m as Float64Array)));
const recording = tinyRecording(
  timesS,
  [
    poseTrack("Probe", "Tracker", poses, timesS),
    poseTrack("Stylus", "Tracker", poses.slice(0, 3), timesS.slice(0, 3)),
    poseTrack("Needle", "Probe", poses, timesS),
  ],
  "by-time",
);

const signal = (): AbortSignal => new AbortController().signal;

/** Time that passes only by sleeping. */
function virtualClock(): PaceClock & { readonly sleeps: number[] } {
  let nowS = 7;
  const sleeps: number[] = [];
  return {
    sleeps,
    nowS: () => nowS,
    async sleepUntil(timeS) {
      sleeps.push(timeS);
      nowS = Math.max(nowS, timeS);
    },
  };
}

deviceContract("replayed images", () => replayImages(recording));
deviceContract("replayed poses", () => replayPoses(recording));
deviceContract("replayed poses, paced", () =>
  replayPoses(recording, {}, { kind: "as-recorded", clock: realPaceClock, speed: 20 }),
);

async function drain<T>(source: AsyncIterable<Sample<T>>): Promise<Sample<T>[]> {
  const out: Sample<T>[] = [];
  for await (const sample of source) out.push(sample);
  return out;
}

test("tools of one instant share a frame, each with its own status, and other parents are left out", async () => {
  const samples = await drain(await replayPoses(recording).open(signal()));
  expect(samples.map(({ value }) => value.tools.map(({ tool, status }) => `${tool} ${status}`))).toEqual([
    ...Array.from({ length: 3 }, () => ["Probe tracked", "Stylus tracked"]),
    ["Probe tracked"],
    ["Probe occluded"],
    ...Array.from({ length: COUNT - 5 }, () => ["Probe tracked"]),
  ]);
  const [tool] = samples[7]!.value.tools;
  expect(tool?.status === "tracked" && Array.from(tool.trackerFromTool)).toEqual(Array.from(poses[7]!));
});

test("times and pixels are those of the recording", async () => {
  const stream = await replayImages(recording).open(signal());
  expect(Math.abs(stream.nominalRateHz - 30)).toBeLessThan(1e-6);
  const samples = await drain(stream);
  expect(samples.map(({ acquiredAt }) => acquiredAt as number)).toEqual(timesS);
  expect(samples[0]!.value).toEqual(await recording.images!.read(0));
});

test("an image that cannot be used leaves a gap in the sequence", async () => {
  const broken = tinyRecording(timesS, [], "by-time");
  broken.images!.valid[3] = 0;
  const samples = await drain(await replayImages(broken).open(signal()));
  expect(samples.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("pacing keeps the recorded intervals, divided by the speed", async () => {
  const clock = virtualClock();
  const at = (i: number, receivedS: number): Sample<string> => ({
    sequence: i,
    acquiredAt: deviceSeconds(i),
    receivedAt: hostSeconds(receivedS),
    timeSource: "device",
    geometryEpoch: 0,
    value: "x",
  });
  const samples = [at(0, 50), at(1, 50.5), at(2, 54)];
  const device = replayDevice(
    { id: "x", nominalRateHz: 1, samples: () => samples },
    { kind: "as-recorded", clock, speed: 2, fromS: 48 },
  );
  await drain(await device.open(signal()));
  expect(clock.sleeps).toEqual([8, 8.25, 10]);
});

test("aborting during a pause ends the stream", async () => {
  const controller = new AbortController();
  const stream = await replayPoses(recording, {}, { kind: "as-recorded", clock: realPaceClock, speed: 1e-4 }).open(
    controller.signal,
  );
  const iterator = stream[Symbol.asyncIterator]();
  expect((await iterator.next()).done).toBe(false);
  const second = iterator.next();
  controller.abort();
  expect((await second).done).toBe(true);
});

test("a recording without images, or without poses of the tracker, is refused with what it has", () => {
  expect(() => replayImages({ ...recording, images: undefined })).toThrow(/has no images/);
  expect(() => replayPoses(recording, { parent: "Table" })).toThrow(/relative to: Tracker, Probe/);
});
