import { join } from "node:path";
import { expect, test } from "vitest";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { writeSequence } from "../../../src/io/sequence/write-sequence.ts";
import type { SequenceRecording } from "../../../src/io/sequence/sequence-recording.ts";
import { decodePng } from "../../../src/io/png.ts";
import { dataFolder } from "../../support/data.ts";
import { bytesOf, snapshot, temporaryFolder } from "./support.ts";

const plus = (name: string): string => join(dataFolder ?? "", "plus", name);
const trackedCounts = ({ poses }: SequenceRecording): Record<string, number> =>
  Object.fromEntries(
    poses.map(({ tool, parent, status }) => [`${tool} in ${parent}`, status.filter((s) => s === "tracked").length]),
  );

interface Facts {
  readonly size: readonly [number, number, number] | undefined;
  readonly tracked: Readonly<Record<string, number>>;
  readonly firstTimeS: number;
  readonly warnings: readonly RegExp[];
}

const three = (n: number): Record<string, number> => ({
  "Probe in Tracker": n,
  "Reference in Tracker": n,
  "Stylus in Tracker": n,
});

/** As the headers say, counted by hand. */
const expected: Readonly<Record<string, Facts>> = {
  "SpinePhantomFreehand.igs.mha": { size: [820, 616, 21], tracked: three(21), firstTimeS: 215.102186, warnings: [] },
  "BoneUltrasound_L14.igs.mha": { size: [820, 616, 21], tracked: three(21), firstTimeS: 232.542071, warnings: [] },
  "fCal_Test_Calibration_3NWires_fCal2.0.igs.mha": {
    size: [820, 616, 190],
    tracked: three(190),
    firstTimeS: 2572.905343,
    warnings: [],
  },
  "fCal_Test_Validation_3NWires_fCal2.0.igs.mha": {
    size: [820, 616, 103],
    tracked: three(103),
    firstTimeS: 2588.141729,
    warnings: [],
  },
  "WaterTankBottomTranslationVideoBuffer.igs.mha": {
    size: [820, 616, 201],
    tracked: {},
    firstTimeS: 7417.7313,
    warnings: [],
  },
  "WaterTankBottomTranslationTrackerBuffer-trimmed.igs.mha": {
    size: undefined,
    tracked: three(801),
    firstTimeS: 7415.679586,
    warnings: [],
  },
  "EightLandmarkPointsTrackedForPhantomRegistration.igs.mha": {
    size: undefined,
    tracked: { "Reference in Tracker": 1000, "Stylus in Tracker": 1000 },
    firstTimeS: 280.4611428572264,
    warnings: [],
  },
  "Prostate10_video.igs.mhd": {
    size: [640, 480, 10],
    tracked: { "Tool in Tracker": 9 },
    firstTimeS: 1,
    warnings: [
      /Kinds is there twice/,
      /no image orientation/,
      /9 field sets for 10 frames: frame 2 has none/,
      /1 of 10 frames have no readable Timestamp/,
      /1 of 10 frames have no readable UnfilteredTimestamp/,
      /ToolToTrackerTransform has no status in 9 frames/,
    ],
  },
  "NwirePhantomFreehand.igs.nrrd": {
    size: [820, 616, 97],
    tracked: { "Probe in Tracker": 97, "Reference in Tracker": 97, "Stylus in Tracker": 0 },
    firstTimeS: 345.627957,
    warnings: [/StylusToTrackerTransform is not tracked in any frame/],
  },
};

for (const [name, facts] of Object.entries(expected)) {
  test.skipIf(!dataFolder)(`${name} reads as its header says (needs the recordings)`, async () => {
    const recording = await openSequence(plus(name));
    try {
      const { images, poses, warnings } = recording;
      expect(images && [images.width, images.height, images.count]).toEqual(facts.size);
      expect(trackedCounts(recording)).toEqual(facts.tracked);
      expect((images ?? poses[0])?.acquiredAtS[0]).toBe(facts.firstTimeS);
      expect(warnings.length, warnings.join("\n")).toBe(facts.warnings.length);
      facts.warnings.forEach((pattern, i) => expect(warnings[i]).toMatch(pattern));
      if (images) {
        const last = await images.read(images.count - 1);
        expect(last.pixels.length).toBe(images.width * images.height);
        expect(last.pixels.some((value) => value > 0)).toBe(true);
      }
    } finally {
      await recording.close();
    }
  });
}

test.skipIf(!dataFolder)("frame 10 of the bone recording is the picture beside it (needs the recordings)", async () => {
  const recording = await openSequence(plus("BoneUltrasound_L14.igs.mha"));
  const frame = await recording.images!.read(10);
  await recording.close();
  const name = "BoneUltrasound_L14-frame10.png";
  const picture = decodePng(await bytesOf(plus(name)), name);
  expect([picture.width, picture.height]).toEqual([frame.width, frame.height]);
  const channels = picture.pixels.length / frame.pixels.length;
  expect(frame.pixels.every((value, i) => value === picture.pixels[i * channels])).toBe(true);
});

test.skipIf(!dataFolder)(
  "the missing timestamp of frame 2 lies between its neighbours (needs the recordings)",
  async () => {
    const recording = await openSequence(plus("Prostate10_video.igs.mhd"));
    expect([...recording.images!.acquiredAtS]).toEqual([1, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5]);
    expect(recording.poses[0]?.status[2]).toBe("missing");
    expect(recording.poses[0]?.parentFromTool[24]).toBeNaN();
    expect(recording.fields["ElementSpacing"]).toBe("0.3 0.3 1");
    await recording.close();
  },
);

test.skipIf(!dataFolder)(
  "the raw times of the water tank stay beside the filtered ones (needs the recordings)",
  async () => {
    const recording = await openSequence(plus("WaterTankBottomTranslationTrackerBuffer-trimmed.igs.mha"));
    const probe = recording.poses.find(({ tool }) => tool === "Probe");
    expect(probe?.receivedAtS[0]).toBe(7415.68);
    expect(probe?.receivedAtS[1]).toBe(7415.699);
    expect(recording.frameFields.get("FrameNumber")?.slice(0, 2)).toEqual(["332203", "332204"]);
    expect([...probe!.parentFromTool.subarray(0, 4)]).toEqual([0.0087153, -0.161504, 0.986973, 194.556]);
    await recording.close();
  },
);

test.skipIf(!dataFolder)(
  "real recordings of each kind survive .igs.mha bit by bit (needs the recordings)",
  async () => {
    const folder = await temporaryFolder();
    for (const name of ["Prostate10_video.igs.mhd", "NwirePhantomFreehand.igs.nrrd"]) {
      const recording = await openSequence(plus(name)),
        path = join(folder, "copy.igs.mha");
      await writeSequence(path, recording);
      const copy = await openSequence(path);
      expect(await snapshot(copy)).toEqual(await snapshot(recording));
      await Promise.all([copy.close(), recording.close()]);
    }
  },
);
