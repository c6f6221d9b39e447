import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeMesh } from "../../src/io/mesh/write-mesh.ts";
import { writeVolume } from "../../src/io/volume-file.ts";
import type { PoseTrack, Recording } from "../../src/data/recording.ts";
import { readResultFolder } from "../../src/scenario/view/folder.ts";
import { kindOfFile, kindOfName } from "../../src/scenario/view/kind.ts";
import { openMeshView } from "../../src/scenario/view/mesh.ts";
import { changes, describeRecording, grayBytes } from "../../src/scenario/view/recording.ts";
import {
  grayRange,
  openVolumeView,
  richestSlices,
  sliceBytes,
  thinned,
  thinning,
} from "../../src/scenario/view/volume.ts";
import { readMeshBytes } from "../../src/viewer/view-data.ts";
import { positions, sampleAt, statusAt } from "../../src/viewer/track-time.ts";
import { ball, syntheticReport } from "../report/synthetic-report.ts";

const grid = { shape: [4, 3, 2], spacingMm: [1, 2, 3], originMm: [10, 20, 30] } as const;
const values = Uint8Array.from({ length: 24 }, (_, i) => i);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-view-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("slices across the three axes hold the voxels that a reader of the indices expects", () => {
  const value = (i: number, j: number, k: number): number => (k * 3 + j) * 4 + i;
  expect([...sliceBytes({ grid, values }, 0, 2)]).toEqual([0, 1].flatMap((k) => [0, 1, 2].map((j) => value(2, j, k))));
  expect([...sliceBytes({ grid, values }, 1, 1)]).toEqual(
    [0, 1].flatMap((k) => [0, 1, 2, 3].map((i) => value(i, 1, k))),
  );
  expect([...sliceBytes({ grid, values }, 2, 1)]).toEqual(
    [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((i) => value(i, j, 1))),
  );
  expect(() => sliceBytes({ grid, values }, 2, 2)).toThrow(/there are 2/);
  expect(() => sliceBytes({ grid, values }, 0, 0.5)).toThrow(/slice 0.5/);
});

test("a volume is thinned by the smallest step that fits, to means of blocks in the right place", () => {
  expect(thinning(grid, 24)).toBe(1);
  expect(thinning(grid, 23)).toBe(2);
  const half = thinned({ grid, values }, 2);
  expect(half.grid).toEqual({ shape: [2, 2, 1], spacingMm: [2, 4, 6], originMm: [10.5, 21, 31.5] });
  // Mean over i 0-1, j 0-1, k 0-1; the second row of blocks has one row of voxels only.
  expect([...half.values]).toEqual([8.5, 10.5, 14.5, 16.5]);
});

test("the first window leaves out the background and 1 % at either end", () => {
  const gray = Float32Array.from({ length: 2000 }, (_, i) => (i < 1000 ? 0 : (i - 999) / 10));
  expect(grayRange(gray)).toEqual({ min: 0, max: 100, window: [expect.closeTo(1.1, 0), expect.closeTo(99.1, 0)] }); // prettier-ignore
  expect(grayRange([])).toEqual({ min: 0, max: 0, window: [0, 1] });
  expect(grayRange(new Float32Array(10))).toEqual({ min: 0, max: 0, window: [0, 0] });
});

test("the first slices are those with most above the level", () => {
  const spot = Uint8Array.from(values, (_, i) => (i === 5 || i === 6 || i === 18 ? 200 : 0));
  expect(richestSlices({ grid, values: spot }, 100)).toEqual([2, 1, 0]);
});

test("a volume file is described, and its surface comes back as a mesh at the level asked for", async () => {
  const path = join(folder, "ball.nrrd");
  const cube = { shape: [24, 24, 24], spacingMm: [1, 1, 1], originMm: [-11.5, -11.5, -11.5] } as const;
  const falling = Float32Array.from({ length: 24 ** 3 }, (_, i) => {
    const [x, y, z] = [i % 24, Math.floor(i / 24) % 24, Math.floor(i / 576)].map((index) => index - 11.5);
    return 20 - Math.hypot(x!, y!, z!);
  });
  await writeVolume(path, { grid: cube, values: falling });
  const view = await openVolumeView(path);
  expect(view.item).toMatchObject({ kind: "volume", element: "f32", grid: cube, surfaceStep: 1 });
  const { mesh } = readMeshBytes(view.surface(12).buffer as ArrayBuffer);
  const radii = Array.from({ length: mesh.positions.length / 3 }, (_, v) =>
    Math.hypot(...mesh.positions.subarray(3 * v, 3 * v + 3)),
  );
  // Linear interpolation of a distance between voxels 1 mm apart, 8 mm from the middle: below 0.02 mm off.
  for (const radius of radii) expect(Math.abs(radius - 8)).toBeLessThan(0.02);
});

test("a mesh goes to the page with its values and comes out as it was", async () => {
  const path = join(folder, "ball.ply"),
    mesh = ball(10, 6);
  const error = Float32Array.from({ length: mesh.positions.length / 3 }, (_, i) => i / 10 - 2);
  await writeMesh(path, mesh, { vertexScalars: [{ name: "error_mm", values: error }] });
  const { item, bytes } = await openMeshView(path);
  expect(item).toMatchObject({
    kind: "mesh",
    triangles: mesh.triangles.length / 3,
    scalars: [{ name: "error_mm", min: -2 }],
  });
  const back = readMeshBytes(bytes.buffer as ArrayBuffer);
  expect([...back.mesh.triangles]).toEqual([...mesh.triangles]);
  expect([...back.mesh.positions]).toEqual([...mesh.positions]);
  expect([...back.scalars[0]!]).toEqual([...error]);
});

const track: PoseTrack = {
  tool: "<b>Probe</b>",
  parent: "Tracker",
  acquiredAtS: Float64Array.of(5, 5.1, 5.2, 5.3),
  receivedAtS: Float64Array.of(105, 105.1, 105.2, 105.3),
  status: ["tracked", "occluded", "occluded", "tracked"],
  parentFromTool: Float64Array.from({ length: 48 }, (_, i) => (Math.floor(i / 12) === 1 ? NaN : i)),
  fitRmsMm: new Float64Array(4),
};

test("a recording is described with times since its begin, changes of status and shares", () => {
  const recording: Recording = {
    name: "x",
    images: undefined,
    poses: [track],
    pairing: "by-time",
    points: [],
    sweeps: [{ name: "along", fromS: 105.1, toS: 105.2 }],
    warnings: ["odd"],
    fields: {},
    close: () => Promise.resolve(),
  };
  const item = describeRecording("x.mcap", recording);
  expect(item.images).toBeNull();
  expect(item.sweeps).toEqual([{ name: "along", fromS: 0.1, toS: 0.2 }]);
  const [described] = item.tracks;
  expect(described).toMatchObject({ tool: "<b>Probe</b>", samples: 4, trackedShare: 0.5, rateHz: 10 });
  expect(described!.status).toEqual([{ fromS: 0, status: "tracked" }, { fromS: 0.1, status: "occluded" }, { fromS: 0.3, status: "tracked" }]); // prettier-ignore
  expect(described!.poses.map((pose) => pose?.[3])).toEqual([3, undefined, undefined, 39]);
  expect(positions(described!)).toEqual([3, 7, 11, NaN, NaN, NaN, NaN, NaN, NaN, 39, 43, 47]);
});

test("the sample and the status of a moment are the last that were known", () => {
  expect([-1, 0, 0.15, 9].map((s) => sampleAt([0, 0.1, 0.2], s))).toEqual([0, 0, 1, 2]);
  expect(sampleAt([], 1)).toBe(-1);
  const status = changes(track.status, (i) => i / 10);
  expect([-1, 0, 0.15, 0.3].map((s) => statusAt(status, s))).toEqual(["not yet", "tracked", "occluded", "tracked"]);
});

test("images of more than 8 bits are shown from their darkest to their brightest", () => {
  expect([...grayBytes({ pixels: Int16Array.of(-100, -49, 155) })]).toEqual([0, 51, 255]);
  expect([...grayBytes({ pixels: Float32Array.of(3, 3) })]).toEqual([0, 0]);
});

test("kinds are told by the ending, rasters by their header, hospital clips by their first bytes", async () => {
  expect(["a.stl", "b.seq.nrrd", "c.nrrd", "d.igs.mha", "e.mcap", "f.txt"].map(kindOfName)).toEqual(["mesh", "recording", "volume", "recording", "recording", undefined]); // prettier-ignore
  const clip = join(folder, "IM0001"),
    text = join(folder, "notes.txt");
  await writeFile(clip, Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]));
  await writeFile(text, "nothing");
  expect(await kindOfFile(clip)).toBe("recording");
  await expect(kindOfFile(text)).rejects.toThrow(/cannot be shown/);
});

test("a folder tells what it has, what its report misses, and why a report cannot be read", async () => {
  const result = join(folder, "result");
  await mkdir(join(result, "truth"), { recursive: true });
  await writeFile(join(result, "truth", "femur.stl"), "solid");
  expect(await readResultFolder(result)).toMatchObject({
    report: { status: "absent" },
    parts: [{ path: "truth/femur.stl", kind: "mesh" }],
    missing: [],
  });
  const report = syntheticReport();
  await writeFile(join(result, "report.json"), JSON.stringify(report));
  const { missing } = await readResultFolder(result);
  expect(missing).toEqual(["femur.ply", ...report.frames.samples.map(({ file }) => `frames/${file}`), "volume.nrrd", "recording.mcap"]); // prettier-ignore
  for (const [text, reason] of [
    [JSON.stringify({ ...report, schemaVersion: 9 }), /expected 1, got 9/],
    [JSON.stringify(report).slice(0, 500), /cut off/],
    [JSON.stringify({ ...report, seed: 5 }), /seed/],
  ] as const) {
    await writeFile(join(result, "report.json"), text);
    const broken = (await readResultFolder(result)).report;
    expect(broken.status === "broken" && broken.reason).toMatch(reason);
  }
});
