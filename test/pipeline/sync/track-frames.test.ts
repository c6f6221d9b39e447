import { expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { compose, fromAxisAngle, invert, type Rigid } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { framePose } from "../../../src/data/tracked-frames.ts";
import { trackFrames } from "../../../src/pipeline/sync/track-frames.ts";
import { poseTrack, tinyRecording } from "../../support/recordings.ts";

/** Products of entries up to 1e3 mm in doubles. */
const ROUNDING_MM = 1e-9;
const context = { rng: createRng("sync"), log: silentLog, workers: createWorkerPool(1) };
const missing = new Float64Array(12).fill(NaN);

const trackerFromProbe = (t: number): Rigid<"tracker", "probe"> =>
  fromAxisAngle([0.2, 1, -0.3], 0.4 * t, [20 * t, -5 * t, 900]);
const trackerFromReference = fromAxisAngle<"tracker", "reference">([1, 0, 0], 0.3, [50, 0, 1000]);
const probeFromPixel = { m: Float64Array.of(0.1, 0, 0, 3, 0, 0, -0.1, 5, 0, 0.1, 0, 80) } as Rigid<"probe", "image">;
const fixed = [{ from: "Image", to: "Probe", m: probeFromPixel.m }];
const expected = (t: number): Float64Array =>
  compose(compose(invert(trackerFromReference), trackerFromProbe(t)), probeFromPixel).m;

function closeTo(a: Float64Array, b: Float64Array, tolerance: number): void {
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(tolerance));
}

test("a frame's pose is the chain image → probe → tracker → reference, links walked backwards where needed", async () => {
  const times = [0, 1, 2];
  const recording = tinyRecording(
    times,
    [
      poseTrack(
        "Reference",
        "Tracker",
        times.map(() => trackerFromReference.m as Float64Array),
        times,
      ),
      poseTrack(
        "Probe",
        "Tracker",
        times.map((t) => trackerFromProbe(t).m as Float64Array),
        times,
      ),
    ],
    "by-index",
  );
  const frames = await trackFrames.run({ recording, fixed }, trackFrames.defaults, context);
  expect(frames.count).toBe(3);
  times.forEach((t, i) => closeTo(framePose(frames, i), expected(t), ROUNDING_MM));
});

test("by time, the lag is taken off and poses are interpolated between tracker samples", async () => {
  const trackerTimes = Array.from({ length: 601 }, (_, i) => i / 120);
  const recording = tinyRecording(
    [1.3, 2.35, 4.1],
    [
      poseTrack(
        "Reference",
        "Tracker",
        trackerTimes.map(() => trackerFromReference.m as Float64Array),
        trackerTimes,
      ),
      poseTrack(
        "Probe",
        "Tracker",
        trackerTimes.map((t) => trackerFromProbe(t).m as Float64Array),
        trackerTimes,
      ),
    ],
    "by-time",
  );
  const frames = await trackFrames.run({ recording, fixed }, { ...trackFrames.defaults, imageLagS: 0.3 }, context);
  /** Chord against arc over one period at 0.4 rad/s and 1 m lever: 1000 · (0.4/120)² / 8 = 0.0014 mm. */
  const CHORD_MM = 0.002;
  [1.0, 2.05, 3.8].forEach((t, i) => closeTo(framePose(frames, i), expected(t), CHORD_MM));
  // 20 mm/s: half a period off would be 0.08 mm, far outside the tolerance.
  expect(Math.abs(framePose(frames, 0)[3]! - expected(1.0 + 1 / 240)[3]!)).toBeGreaterThan(CHORD_MM);
});

test("a frame whose probe was occluded, or that lies in a gap, is dropped and counted by reason", async () => {
  const trackerTimes = Array.from({ length: 100 }, (_, i) => i / 100).filter((t) => t < 0.4 || t > 0.5);
  const poses = trackerTimes.map((t) => (t > 0.7 && t < 0.8 ? missing : (trackerFromProbe(t).m as Float64Array)));
  const recording = tinyRecording(
    [0.1, 0.45, 0.75, 0.9, 5],
    [
      poseTrack("Probe", "Tracker", poses, trackerTimes),
      poseTrack(
        "Reference",
        "Tracker",
        trackerTimes.map(() => trackerFromReference.m as Float64Array),
        trackerTimes,
      ),
    ],
    "by-time",
  );
  const frames = await trackFrames.run({ recording, fixed }, trackFrames.defaults, context);
  expect([...frames.sourceIndex]).toEqual([0, 3]);
  expect(frames.dropped).toEqual({
    '"Probe" has a gap in its poses': 1,
    '"Probe" occluded': 1,
    '"Probe" has no pose at the time of the frame': 1,
  });
});

test("a recording that cannot serve is refused with the reason and what to do", async () => {
  const times = [0, 1];
  const probe = poseTrack(
    "Probe",
    "Tracker",
    times.map((t) => trackerFromProbe(t).m as Float64Array),
    times,
  );
  const reference = poseTrack(
    "Reference",
    "Tracker",
    times.map(() => trackerFromReference.m as Float64Array),
    times,
  );
  const run = (poses: (typeof probe)[], options = {}) =>
    trackFrames.run(
      { recording: tinyRecording(times, poses, "by-index"), fixed },
      { ...trackFrames.defaults, ...options },
      context,
    );
  await expect(run([probe])).rejects.toThrow(/nothing is called "Reference".*"Image", "Probe", "Tracker"/);
  await expect(run([probe, reference], { referenceName: "Stylus" })).rejects.toThrow(/nothing is called "Stylus"/);
  await expect(run([poseTrack("Probe", "Tracker", [missing, missing], times), reference])).rejects.toThrow(
    /none of the 2 frames of tiny has a pose: "Probe" occluded \(2\)/,
  );
  const still = poseTrack(
    "Probe",
    "Tracker",
    times.map(() => trackerFromProbe(1).m as Float64Array),
    times,
  );
  await expect(run([still, reference])).rejects.toThrow(/the image never moves in tiny/);
  await expect(
    trackFrames.run(
      { recording: tinyRecording([], [probe, reference], "by-index"), fixed },
      trackFrames.defaults,
      context,
    ),
  ).rejects.toThrow(/holds no images/);
});

test("what lies outside the field of view that the device declares is read as black", async () => {
  const times = [0, 1];
  const probe = poseTrack("Probe", "Tracker", times.map((t) => trackerFromProbe(t).m as Float64Array), times),
    reference = poseTrack("Reference", "Tracker", times.map(() => trackerFromReference.m as Float64Array), times); // prettier-ignore
  const recording = tinyRecording(times, [probe, reference], "by-index");
  const nominalGeometry = {
    width: 4,
    height: 3,
    spacingMm: [1, 1],
    faceCentrePx: [1.5, 0],
    fieldOfView: { kind: "rectangle", widthMm: 2, depthMm: 1 },
  } as const;
  const images = {
    ...recording.images!,
    nominalGeometry,
    read: async () => ({ width: 4, height: 3, pixels: new Uint8Array(12).fill(9) }),
  };
  const frames = await trackFrames.run({ recording: { ...recording, images }, fixed }, trackFrames.defaults, context);
  expect(frames.nominalGeometry).toBe(nominalGeometry);
  expect([...(await frames.read(0)).pixels]).toEqual([0, 9, 9, 0, 0, 9, 9, 0, 0, 0, 0, 0]);
});

/** Both bodies at 120 Hz for 4 s, by one clock until `setAtS` and an hour later from then on. */
function withClockSet(setAtS: number, says: boolean) {
  const hostS = Array.from({ length: 481 }, (_, i) => i / 120);
  const shown = hostS.map((t) => (t < setAtS ? t : t + 3600));
  const track = (tool: string, pose: (t: number) => Float64Array) => ({
    ...poseTrack(tool, "Tracker", hostS.map(pose), shown),
    receivedAtS: Float64Array.from(hostS),
    ...(says ? { geometryEpoch: Uint32Array.from(hostS, (t) => (t < setAtS ? 0 : 1)) } : {}),
  });
  return [
    track("Probe", (t) => trackerFromProbe(t).m as Float64Array),
    track("Reference", () => trackerFromReference.m as Float64Array),
  ];
}

test("where the tracker's clock was set, each part has its own, and no pose lies across (F15)", async () => {
  const SET_S = 2.0025; // between two samples
  const recording = tinyRecording([1, 1.5, SET_S, 2.5, 3.5], withClockSet(SET_S, true), "by-time");
  const frames = await trackFrames.run({ recording, fixed }, trackFrames.defaults, context);
  expect([...frames.sourceIndex]).toEqual([0, 1, 3, 4]);
  expect(frames.dropped).toEqual({ '"Probe" has no pose at the time of the frame': 1 });
  const CHORD_MM = 0.002;
  [1, 1.5, 2.5, 3.5].forEach((t, i) => closeTo(framePose(frames, i), expected(t), CHORD_MM));
  // Without the word of the device all of it is one clock, which cannot be.
  const blind = tinyRecording([1, 1.5, 2.5, 3.5], withClockSet(SET_S, false), "by-time");
  const wrong = await trackFrames
    .run({ recording: blind, fixed }, trackFrames.defaults, context)
    .catch(() => undefined);
  expect(wrong?.count ?? 0).toBeLessThan(4);
});

test("images after a change of depth are left out and counted: the calibration is that of the first (F23)", async () => {
  const poses = withClockSet(Infinity, false);
  const recording = tinyRecording([1, 1.5, 2, 2.5], poses, "by-time");
  const images = { ...recording.images!, geometryEpoch: Uint32Array.of(0, 0, 1, 1) };
  const frames = await trackFrames.run({ recording: { ...recording, images }, fixed }, trackFrames.defaults, context);
  expect([...frames.sourceIndex]).toEqual([0, 1]);
  expect(Object.entries(frames.dropped)).toEqual([[expect.stringContaining("another depth or size"), 2]]);
});
