import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import type { Image } from "../../src/data/image.ts";
import type { ImageTrack, PoseTrack, Recording } from "../../src/data/recording.ts";
import { openSequence } from "../../src/io/sequence/open-sequence.ts";
import { writeSequence } from "../../src/io/sequence/write-sequence.ts";
import { strokes } from "../pipeline/calibration/stylus.ts";
import { sonobench } from "../support/command.ts";
import { dataFolder } from "../support/data.ts";
import { poseTrack, tinyRecording } from "../support/recordings.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-bad-input-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const STILL = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/** The command must end with 2, print nothing on stdout, and say `sentence`. */
function refused(sentence: RegExp, ...args: string[]): void {
  const { code, out, err } = sonobench("calibrate", ...args, "--quiet");
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/fault of SonoBench|\n\s+at |NaN|undefined/);
  expect({ code, out }).toEqual({ code: 2, out: "" });
}

async function written(name: string, recording: Recording): Promise<string> {
  const path = join(folder, `${name}.igs.mha`);
  await writeSequence(path, recording);
  return path;
}

describe("a stylus recording", () => {
  /** The stylus over 12 s at 20 Hz, in the tracker's frame beside a reference at rest. */
  function stylus(lean: readonly [number, number], change: (track: PoseTrack) => PoseTrack = (t) => t): Recording {
    const { timeS, poses } = strokes(
      [3, -5, -150],
      [{ tipAt: [10, 20, 30], seconds: 12, lean }],
      createRng("bad"),
      0.1,
    );
    const each = Array.from(timeS, (_, i) => poses.slice(12 * i, 12 * i + 12));
    const times = Array.from(timeS);
    const tracks = [
      change(poseTrack("Stylus", "Tracker", each, times)),
      poseTrack(
        "Reference",
        "Tracker",
        times.map(() => STILL),
        times,
      ),
    ];
    return { ...tinyRecording(times, tracks, "by-index"), images: undefined as never };
  }

  test("turned about one axis only is refused as that", async () => {
    refused(/about one\s+axis only/, "pivot", await written("one-axis", stylus([0.5, 0])));
  });

  test("in which no tool was ever tracked is refused as that", async () => {
    const lost = (track: PoseTrack): PoseTrack => ({ ...track, status: track.status.map(() => "occluded" as const) });
    refused(/never seen together in \d+ samples/, "pivot", await written("all-invalid", stylus([0.4, 0.4], lost)));
  });

  test("whose poses all come with one time is refused as that", async () => {
    const recording = stylus([0.4, 0.4]);
    const poses = recording.poses.map((track) => ({ ...track, acquiredAtS: track.acquiredAtS.map(() => 100) }));
    refused(
      /poses of "Stylus" come with a time that an earlier one has/,
      "pivot",
      await written("one-time", { ...recording, poses }),
    );
  });
});

test("images that run behind their poses by more than was searched are refused with the lag and what to give", async () => {
  const motion = (t: number): number => 10 * Math.sin(2 * t + 1.3 * Math.sin(0.37 * t)) + 4 * Math.sin(0.9 * t);
  const times = Array.from({ length: 500 }, (_, i) => i / 20),
    width = 64,
    height = 200;
  const line = (t: number): Image => {
    const pixels = new Uint8Array(width * height),
      row = Math.round(100 + 4 * motion(t - 2.5));
    for (let v = row - 2; v <= row + 2; v++) pixels.fill(220, v * width, (v + 1) * width);
    return { width, height, pixels };
  };
  const probe = times.map((t) => STILL.map((x, k) => (k === 11 ? motion(t) : x)));
  const tracks = [poseTrack("Probe", "Tracker", probe, times), poseTrack("Reference", "Tracker", times.map(() => STILL), times)]; // prettier-ignore
  const recording = tinyRecording(times, tracks, "by-index");
  const images: ImageTrack = { ...recording.images!, width, height, read: (i) => Promise.resolve(line(times[i]!)) };
  const path = await written("late", { ...recording, images });
  refused(/lag lies outside of the ± 1 s that were searched: at 2\.5\d? s.*--reach/s, "temporal", path);
});

describe.skipIf(!dataFolder)("an N-wire recording", () => {
  const plus = (name: string): string => join(dataFolder!, "plus", name);
  const CONFIG = "PlusDeviceSet_fCal_Sim_SpatialCalibration_2.0.xml";
  let wires: Recording;
  beforeAll(async () => {
    wires = await openSequence(plus("fCal_Test_Calibration_3NWires_fCal2.0.igs.mha"));
  });
  afterAll(() => wires?.close());

  /** Every eighth frame, its picture changed. */
  function some(change: (image: Image, i: number) => Image, pick = (i: number) => 8 * i): Recording {
    const images = wires.images!,
      count = 24,
      index = Array.from({ length: count }, (_, i) => pick(i)),
      times = Float64Array.from(index, (_, i) => images.acquiredAtS[8 * i]!);
    const poses = wires.poses.map((track) => ({
      ...poseTrack(track.tool, track.parent, index.map((i) => track.parentFromTool.slice(12 * i, 12 * i + 12)), [...times]), // prettier-ignore
    }));
    const read = async (i: number): Promise<Image> => change(await images.read(index[i]!), i);
    const track: ImageTrack = { ...images, count, acquiredAtS: times, receivedAtS: times, valid: new Uint8Array(count).fill(1), read }; // prettier-ignore
    return { ...wires, images: track, poses, fields: {} };
  }
  const flipped = ({ width, height, pixels }: Image): Image => ({
    width,
    height,
    pixels: Uint8Array.from({ length: width * height }, (_, k) => pixels[k - (k % width) + width - 1 - (k % width)]!),
  });
  const same = (image: Image): Image => image;

  test("without a phantom in its frames is refused as that", async () => {
    const path = await written("empty", some(({ width, height }) => ({ width, height, pixels: new Uint8Array(width * height) }))); // prettier-ignore
    refused(/There is no phantom in the frames/, "spatial", path, "--config", plus(CONFIG));
  });

  test("of another phantom than the configuration's is refused as that", async () => {
    const xml = await readFile(plus(CONFIG), "utf8");
    const other = join(folder, "other.xml");
    // The lowest N 25 mm below the others instead of 10.
    await writeFile(other, xml.replace(/( 0\.0| 40\.0) 0\.0"/g, '$1 -15.0"'));
    refused(/not as the wires of this phantom lie: is it another one/, "spatial", await written("plain", some(same)), "--config", other); // prettier-ignore
  });

  test("of a probe that stood still is refused as that", async () => {
    refused(
      /The probe stood still/,
      "spatial",
      await written(
        "static",
        some(same, () => 0),
      ),
      "--config",
      plus(CONFIG),
    );
  });

  test("mirrored against its validation is refused as that, and against an earlier calibration named as the likeliest fault", async () => {
    const plain = await written("plain", some(same)),
      mirrored = await written("mirrored", some(flipped));
    refused(/other way round than those of the calibration/, "spatial", plain, "--validation", mirrored, "--config", plus(CONFIG)); // prettier-ignore
    const first = sonobench("calibrate", "spatial", plain, "--config", plus(CONFIG), "--json", "--quiet");
    const { transform } = JSON.parse(first.out) as { transform: { matrix: number[] } };
    const known = join(folder, "known.xml"),
      xml = await readFile(plus(CONFIG), "utf8");
    const line = `<Transform From="Image" To="Probe" Matrix="${transform.matrix.join(" ")} 0 0 0 1"/>`;
    await writeFile(known, xml.replace("</CoordinateDefinitions>", `${line}</CoordinateDefinitions>`));
    const { code, out } = sonobench("calibrate", "spatial", mirrored, "--config", known, "--json", "--quiet");
    const { result } = JSON.parse(out) as { result: { diagnosis: { cause: string; sentence: string }[] } };
    expect(code).toBe(0);
    expect(result.diagnosis[0]).toMatchObject({ cause: "mirrored" });
    expect(result.diagnosis[0]!.sentence).toMatch(/mirrored against the earlier calibration.*MF against UF/);
  });
});
