import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import type { BoneMask } from "../../src/data/bone-mask.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import { parseScanTrack } from "../../src/report/validate-scan.ts";
import { scanTrack, shrink, strokeAt, writeScanTrack, type ScanToWrite } from "../../src/scenario/scan-track.ts";

const WIDTH = 64,
  HEIGHT = 128;

function scan(count: number): ScanToWrite {
  const referenceFromPixel = new Float64Array(count * 12);
  for (let i = 0; i < count; i++) referenceFromPixel.set([0.4, 0, 0, -12.8, 0, 0, 0.1, i, 0, 0.3, 0, 5], i * 12);
  const mask = { ridgeRowPx: Float32Array.from({ length: WIDTH }, (_, u) => (u < 10 ? NaN : 20 + u / 4)) };
  const frames: TrackedFrames = {
    count,
    width: WIDTH,
    height: HEIGHT,
    sourceIndex: Uint32Array.from({ length: count }, (_, i) => 2 * i),
    timeS: Float64Array.from({ length: count }, (_, i) => i / 10),
    dropped: {},
    referenceFromPixel,
    read: (i) => Promise.resolve({ width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT).fill(i) }),
  };
  return {
    frames,
    masks: { masks: Array.from({ length: count }, () => mask as BoneMask) },
    timesS: Float64Array.from({ length: 2 * count }, (_, i) => 100 + i / 20),
    sweeps: [{ name: "along", fromS: 100, toS: 100.5 }],
  };
}

test("every used frame is listed with its number, time, stroke, pose and bone line", () => {
  const { frames, columns, everyFrames } = scanTrack(scan(30), null);
  expect([frames.length, everyFrames]).toEqual([30, 1]);
  // 0.8 mm of 0.4 mm pixels.
  expect(columns.slice(0, 3)).toEqual([0, 2, 4]);
  const { index, timeS, stroke, pose, rows } = frames[7]!;
  expect({ index, timeS, stroke }).toEqual({ index: 14, timeS: 0.7, stroke: 0 });
  expect(pose).toEqual([0.4, 0, 0, 0, 0, 0.3, -12.8, 7, 5]);
  expect(rows.slice(4, 7)).toEqual([null, 22.5, 23]);
});

test("of a long scan every second frame is listed, and the track says so", () => {
  const { frames, everyFrames } = scanTrack(scan(1001), null);
  expect([frames.length, everyFrames, frames.at(-1)!.index]).toEqual([501, 2, 2000]);
});

test("the files that are written can be read: a track, and a film with a tile for each frame", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-scan-"));
  try {
    const { track } = await writeScanTrack(folder, scan(30));
    expect(parseScanTrack(await readFile(join(folder, "scan.json"), "utf8"), "scan.json")).toEqual(track);
    const [tileWidth, tileHeight] = track.film!.tilePx;
    expect([tileWidth, tileHeight, track.film!.across]).toEqual([48, 96, 6]);
    const film = PNG.sync.read(await readFile(join(folder, "frames", "film.png")));
    expect([film.width, film.height]).toEqual([6 * 48, 5 * 96]);
    // Frame 29 holds 29 everywhere; the film keeps 24 steps of gray.
    const last = film.data[(4 * 96 * film.width + 5 * 48) * 4]!;
    expect(Math.abs(last - 29)).toBeLessThanOrEqual(255 / 23 / 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a scan without a usable frame leaves a track without frames and no film", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-scan-"));
  try {
    expect(await writeScanTrack(folder, scan(0))).toMatchObject({ track: { frames: [], film: null } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a smaller picture holds the means of what its pixels cover", () => {
  const pixels = Uint8Array.of(0, 0, 255, 255, 0, 0, 255, 255);
  expect([...shrink({ width: 4, height: 2, pixels }, 2, 1)]).toEqual([0, 255]);
});

test("a stamp belongs to the sweep that holds it, late ones by the lag as well", () => {
  const { sweeps } = scan(1);
  expect([100.2, 101.2, 99, 102].map((stamp) => strokeAt(sweeps, stamp))).toEqual([0, 0, -1, -1]);
});
