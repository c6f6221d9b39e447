import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { writeSequence } from "../../../src/io/sequence/write-sequence.ts";
import { createRng } from "../../../src/core/rng.ts";
import { forCasesAsync, randomRecording, snapshot, temporaryFolder } from "./support.ts";

for (const ending of [".igs.mha", ".mhd", ".igs.nrrd", ".seq.nrrd"]) {
  test(`a recording written as ${ending} reads back bit by bit, packed or not`, async () => {
    const folder = await temporaryFolder();
    await forCasesAsync(50, `sequence/round-trip${ending}`, async (rng) => {
      const recording = randomRecording(rng);
      const path = join(folder, `r${ending}`);
      await writeSequence(path, recording, { compress: rng.uniform() < 0.5 });
      const back = await openSequence(path);
      try {
        expect(await snapshot(back)).toEqual(await snapshot(recording));
      } finally {
        await back.close();
      }
    });
  });
}

test("poses without images read back from .igs.mha bit by bit", async () => {
  const folder = await temporaryFolder();
  await forCasesAsync(50, "sequence/round-trip/poses", async (rng) => {
    const recording = randomRecording(rng, false);
    const path = join(folder, "p.igs.mha");
    await writeSequence(path, recording);
    const back = await openSequence(path);
    expect(back.images).toBeUndefined();
    expect(await snapshot(back)).toEqual(await snapshot(recording));
    await back.close();
  });
});

test("the pixels come back whatever the order in which frames are asked for, also all at once", async () => {
  const folder = await temporaryFolder(),
    path = join(folder, "order.igs.mha");
  const recording = randomRecording(createRng("order/3"));
  await writeSequence(path, recording);
  const count = recording.images!.count;
  const forward = await openSequence(path);
  const expected = await snapshot(forward);
  await forward.close();
  const back = await openSequence(path);
  for (let i = count - 1; i >= 0; i--) {
    expect((await back.images!.read(i)).pixels).toEqual((await recording.images!.read(i)).pixels);
  }
  await Promise.all(Array.from({ length: 4 * count }, (_, i) => back.images!.read(i % count)));
  expect(await snapshot(back)).toEqual(expected);
  await back.close();
});

test("a frame that was read belongs to the caller: changing it changes nothing in the recording", async () => {
  const path = join(await temporaryFolder(), "own.igs.mha");
  await writeSequence(path, randomRecording(createRng("own/1")));
  const recording = await openSequence(path);
  const first = await recording.images!.read(0),
    copy = first.pixels.slice();
  first.pixels.fill(7);
  expect((await recording.images!.read(0)).pixels).toEqual(copy);
  await recording.close();
});

test("a write that fails leaves nothing behind, and the file that was there as it was", async () => {
  const folder = await temporaryFolder(),
    path = join(folder, "kept.igs.mha");
  await writeFile(path, "before");
  const recording = randomRecording(createRng("failing/2"));
  const images = { ...recording.images!, read: () => Promise.reject(new Error("the device went away")) };
  await expect(writeSequence(path, { ...recording, images })).rejects.toThrow("the device went away");
  expect(await readdir(folder)).toEqual(["kept.igs.mha"]);
});

test("a read that is under way when the recording is closed ends with an error that says so", async () => {
  const path = join(await temporaryFolder(), "closing.igs.mha");
  const recording = randomRecording(createRng("closing/1"));
  const images = {
    ...recording.images!,
    width: 512,
    height: 512,
    pixelType: "u8" as const,
    read: async () => ({ width: 512, height: 512, pixels: new Uint8Array(512 * 512) }),
  };
  await writeSequence(path, { ...recording, images });
  const back = await openSequence(path);
  const reading = expect(back.images!.read(0)).rejects.toThrow("was read after it was closed");
  await back.close();
  await reading;
  await expect(back.images!.read(0)).rejects.toThrow("was read after it was closed");
});

test("devices that ran freely are refused together and written in parts", async () => {
  const folder = await temporaryFolder(),
    path = join(folder, "free.igs.mha");
  const recording = randomRecording(createRng("free/1"));
  const acquiredAtS = Float64Array.of(1, 2, 3, 4, 5, 6, 7);
  const track = {
    tool: "Probe",
    parent: "Tracker",
    acquiredAtS,
    receivedAtS: acquiredAtS,
    status: Array.from(acquiredAtS, () => "missing" as const),
    parentFromTool: new Float64Array(84).fill(NaN),
    fitRmsMm: new Float64Array(7).fill(NaN),
  };
  const free = { ...recording, poses: [track], pairing: "by-time" as const, frameFields: new Map() };
  await expect(writeSequence(path, free)).rejects.toThrow(UnsuitableInputError);
  await writeSequence(path, free, { part: "poses" });
  const poses = await openSequence(path);
  expect(poses.images).toBeUndefined();
  expect(poses.poses[0]?.acquiredAtS).toEqual(acquiredAtS);
  await poses.close();
  await writeSequence(path, free, { part: "images" });
  const images = await openSequence(path);
  expect(images.poses).toEqual([]);
  expect(images.images?.count).toBe(recording.images!.count);
  await images.close();
});
