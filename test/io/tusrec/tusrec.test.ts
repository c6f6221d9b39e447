import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { transformPoint } from "../../../src/core/rigid.ts";
import { parseTusRecCalibration } from "../../../src/io/tusrec/calibration-csv.ts";
import { readTusRecLandmarks } from "../../../src/io/tusrec/landmarks.ts";
import { openTusRec } from "../../../src/io/tusrec/open-tusrec.ts";
import { tusRecCalibrationCsv, writeTusRec } from "../../../src/io/tusrec/write-tusrec.ts";
import { trackFrames } from "../../../src/pipeline/sync/track-frames.ts";
import { openRecording } from "../../../src/scenario/open-recording.ts";
import { exportTusRec } from "../../../src/scenario/export-tusrec.ts";
import { addFrames, addTforms, at, C, COUNT, CSV, gray, h5File, HEIGHT, inverse, S, scan, square, temporaryFolder, tform, times, WIDTH } from "./support.ts"; // prettier-ignore

/** Products of entries up to 2000 mm in doubles. */
const ROUNDING_MM = 1e-9;

describe("a scan of the challenge", () => {
  test("is a recording of its frames, pixel for pixel, with a pose each, and 20 frames a second are said to be assumed", async () => {
    const recording = await openRecording(await scan());
    expect(recording.name).toBe("RH_Per_L_DtP");
    const { images, poses, pairing, warnings } = recording;
    expect([images!.count, images!.width, images!.height]).toEqual([COUNT, WIDTH, HEIGHT]);
    for (const i of [0, 5, COUNT - 1]) {
      const { pixels } = await images!.read(i);
      for (let v = 0; v < HEIGHT; v++) for (let u = 0; u < WIDTH; u++) expect(pixels[v * WIDTH + u]).toBe(gray(i, v, u)); // prettier-ignore
    }
    expect(images!.acquiredAtS[COUNT - 1]).toBeCloseTo((COUNT - 1) / 20, 12);
    expect(pairing).toBe("by-index");
    expect([poses[0]!.tool, poses[0]!.parent]).toEqual(["Probe", "Tracker"]);
    expect(poses[0]!.parentFromTool.slice(12, 24)).toEqual(tform(1).slice(0, 12));
    expect(warnings.join(" ")).toContain("20 frames a second are assumed");
    await recording.close();
    await recording.close();
  });

  test("maps its pixels as the published equations do: T of frame 1 from frame i is C⁻¹ W₁⁻¹ Wᵢ C, pixels from 1", async () => {
    const recording = await openTusRec(await scan());
    const workers = createWorkerPool(1);
    const { toolFromPixel } = parseTusRecCalibration("calib_matrix.csv", CSV);
    const frames = await trackFrames.run(
      { recording, fixed: [{ from: "Image", to: "Probe", m: toolFromPixel }] },
      { ...trackFrames.defaults, referenceName: "Tracker" },
      { rng: createRng("tusrec"), log: silentLog, workers },
    );
    await workers.close();
    expect(frames.count).toBe(COUNT);
    const W = Array.from({ length: COUNT }, (_, i) => square(tform(i)));
    const firstFromCamera = times(inverse(C), inverse(W[0]!));
    for (let i = 1; i < COUNT; i++) {
      const T = times(times(firstFromCamera, W[i]!), C);
      const m = frames.referenceFromPixel.slice(12 * i, 12 * i + 12);
      for (const [x, y] of [
        [1, 1],
        [WIDTH, 1],
        [1, HEIGHT],
        [WIDTH, HEIGHT],
        [3, 5],
      ] as const) {
        const published = at(times(T, S), [x, y, 0, 1]);
        const ours = at(firstFromCamera, [...transformPoint(m, x - 1, y - 1, 0), 1]);
        for (const k of [0, 1, 2]) expect(Math.abs(ours[k]! - published[k]!)).toBeLessThan(ROUNDING_MM);
        // A pixel counted from 0 in place of 1 would be off by a pixel's size.
        const wrong = at(times(T, S), [x - 1, y - 1, 0, 1]);
        expect(Math.hypot(...[0, 1, 2].map((k) => ours[k]! - wrong[k]!))).toBeGreaterThan(0.2);
      }
    }
    await recording.close();
  });

  test("without tforms has frames only, and says so; single precision does as well", async () => {
    const bare = await openTusRec(await h5File("frames.h5", (file) => addFrames(file)));
    expect([bare.poses.length, bare.warnings.join(" ")]).toEqual([0, expect.stringContaining("no tforms")]);
    const single = await openTusRec(await h5File("f32.h5", (file) => (addFrames(file), addTforms(file, "<f"))));
    expect(single.poses[0]!.status.every((word) => word === "tracked")).toBe(true);
    expect(single.poses[0]!.parentFromTool[11]).toBe(-2000);
    await bare.close();
    await single.close();
  });

  test("a matrix that is no rigid transform is no pose", async () => {
    const path = await h5File("odd.h5", (file) => {
      addFrames(file);
      const data = Float64Array.from(Array.from({ length: COUNT }, (_, i) => [...tform(i)]).flat());
      data[16 * 3] = NaN;
      data[16 * 5]! *= 1.01;
      for (const k of [0, 4, 8]) data[16 * 7 + k]! *= -1;
      file.create_dataset({ name: "tforms", data, shape: [COUNT, 4, 4], dtype: "<d" });
    });
    const recording = await openTusRec(path);
    const invalid = recording.poses[0]!.status.flatMap((word, i) => (word === "invalid" ? [i] : []));
    expect(invalid).toEqual([3, 5, 7]);
    expect(recording.warnings.join(" ")).toContain("3 of 12");
    await recording.close();
  });
});

describe("what is refused, by the name of the array", () => {
  const refused = async (fill: Parameters<typeof h5File>[1], words: RegExp, limits = {}) =>
    expect(openTusRec(await h5File("bad.h5", fill), limits)).rejects.toThrow(words);

  test("links to other files and to other places, before they are followed", async () => {
    const target = await scan();
    await refused((file) => file.create_external_link(target, "frames", "frames"), /frames: is a link/);
    await refused((file) => file.create_soft_link("elsewhere", "frames"), /frames: is a link/);
    await refused((file) => {
      addFrames(file);
      file.create_external_link(target, "tforms", "tforms");
    }, /tforms: is a link/);
  });

  test("no frames, frames of another kind, of another number than the poses, and groups", async () => {
    const add = (name: string, data: Uint8Array | Float64Array, shape: number[], dtype: string) =>
      (file: Parameters<Parameters<typeof h5File>[1]>[0]) => void file.create_dataset({ name, data, shape, dtype }); // prettier-ignore
    await refused(add("other", new Uint8Array(4), [4], "<B"), /frames: is missing; there is other/);
    await refused(add("frames", new Uint8Array(24), [4, 6], "<B"), /frames: has the shape \[4, 6\]/);
    await refused(add("frames", new Float64Array(24), [2, 3, 4], "<d"), /frames: is not of unsigned 8-bit/);
    await refused((file) => void file.create_group("frames"), /frames: is no array/);
    await refused((file) => {
      addFrames(file);
      add("tforms", new Float64Array(32), [2, 4, 4], "<d")(file);
    }, /tforms: has the shape \[2, 4, 4\] where there are 12 frames/);
  });

  test("sizes that would not fit, before anything is allocated", async () => {
    const promised = (shape: number[], chunks: number[]) => (file: Parameters<Parameters<typeof h5File>[1]>[0]) =>
      void file
        .create_dataset({
          name: "frames",
          data: new Uint8Array(0),
          shape: [0, ...shape.slice(1)],
          maxshape: [null, ...shape.slice(1)],
          dtype: "<B",
          chunks,
        }) // prettier-ignore
        .resize(shape);
    await refused(promised([2 ** 30, 64, 64], [1, 64, 64]), /frames: has the shape/);
    await refused(promised([10, 60000, 60000], [1, 64, 64]), /frames: has the shape|would take/);
    await refused(promised([10, 16384, 16384], [2, 16384, 16384]), /packed in pieces of 536870912 bytes/);
    await refused(addFrames, /would take/, { memoryBytes: 100 });
  });

  test("what is no HDF5, and a file that was cut or damaged anywhere: read or refused", async () => {
    const path = await scan(),
      bytes = await readFile(path),
      folder = await temporaryFolder();
    const rng = createRng("tusrec/damage");
    const damaged = join(folder, "damaged.h5");
    for (let i = 0; i < 60; i++) {
      const copy = Buffer.from(bytes);
      for (let k = 0; k < 4; k++) copy[8 + rng.integer(copy.length - 8)] = rng.integer(256);
      await writeFile(damaged, i % 3 === 0 ? copy.subarray(0, rng.integer(copy.length)) : copy);
      try {
        const recording = await openTusRec(damaged);
        for (let f = 0; f < recording.images!.count && f < 20; f++) await recording.images!.read(f);
        await recording.close();
      } catch (error) {
        expect((error as Error).name, String(error)).toMatch(/FormatError|UnsuitableInputError/);
      }
    }
    await writeFile(damaged, "no HDF5 at all");
    await expect(openTusRec(damaged)).rejects.toThrow(/is no readable HDF5 file/);
    await expect(openTusRec(join(folder, "missing.h5"))).rejects.toThrow(/cannot be opened/);
  });
});

describe("calibration and landmarks", () => {
  test("calib_matrix.csv is read with and without its titles, and what we write is read as what it was", () => {
    const titled = `scaling_from_pixel_to_mm,,,\n${CSV.split("\n").slice(0, 4).join("\n")}\nimage to tool,,,\n${CSV.split("\n").slice(4).join("\n")}`;
    const { toolFromPixel, spacingMm } = parseTusRecCalibration("a.csv", CSV);
    expect(parseTusRecCalibration("b.csv", titled).toolFromPixel).toEqual(toolFromPixel);
    expect(spacingMm).toEqual([0.22447395, 0.23554039]);
    const again = parseTusRecCalibration("c.csv", tusRecCalibrationCsv(toolFromPixel)).toolFromPixel;
    for (const [u, v] of [
      [0, 0],
      [639, 0],
      [0, 479],
    ] as const) {
      const [a, b] = [toolFromPixel, again].map((m) => transformPoint(m, u, v, 0));
      for (const k of [0, 1, 2]) expect(Math.abs(a![k]! - b![k]!)).toBeLessThan(1e-6); // digits of the published file
    }
    expect(() => parseTusRecCalibration("d.csv", CSV.replace("0.235", "x"))).toThrow(/d\.csv: line 2/);
    expect(() => parseTusRecCalibration("e.csv", CSV.slice(0, 60))).toThrow(/e\.csv/);
  });

  test("landmarks are read by the scan's name, pixels from 0", async () => {
    const path = await h5File("landmark_000.h5", (file) => {
      const data = Int32Array.of(1, 1, 1, 3, 640, 480);
      file.create_dataset({ name: "RH_Per_L_DtP", data, shape: [2, 3], dtype: "<i" });
      file.create_dataset({ name: "odd", data: Int32Array.of(0, 1, 1), shape: [1, 3], dtype: "<i" });
    });
    expect(await readTusRecLandmarks(path, "RH_Per_L_DtP")).toEqual([
      { frame: 1, pixel: [0, 0] },
      { frame: 3, pixel: [639, 479] },
    ]);
    await expect(readTusRecLandmarks(path, "LH_Par_S_PtD")).rejects.toThrow(/LH_Par_S_PtD: is not a scan/);
    await expect(readTusRecLandmarks(path, "odd")).rejects.toThrow(/odd row 0: is \(0, 1, 1\)/);
  });
});

test("what is written is read back: frames byte for byte, poses bit for bit", async () => {
  const source = await openTusRec(await scan());
  const path = join(await temporaryFolder(), "out.h5");
  const workers = createWorkerPool(1);
  expect(await exportTusRec(path, source, { imageLagS: 0, workers })).toEqual({ frames: COUNT, dropped: {} });
  await workers.close();
  const back = await openTusRec(path);
  for (let i = 0; i < COUNT; i++) expect(await back.images!.read(i)).toEqual(await source.images!.read(i));
  expect(back.poses[0]!.parentFromTool).toEqual(source.poses[0]!.parentFromTool);
  await back.close();
  await source.close();
});

test("more frames than a portion holds are written in several", async () => {
  const path = join(await temporaryFolder(), "large.h5");
  const [width, height, count] = [1024, 1024, 20];
  const trackerFromTool = new Float64Array(12 * count);
  for (let i = 0; i < count; i++) trackerFromTool.set(tform(i).subarray(0, 12), 12 * i);
  const read = async (i: number) => new Uint8Array(width * height).fill(i);
  await writeTusRec(path, { width, height, count, trackerFromTool, read });
  const back = await openTusRec(path);
  for (const i of [0, 15, 16, 19]) expect((await back.images!.read(i)).pixels.every((p) => p === i)).toBe(true);
  await back.close();
});
