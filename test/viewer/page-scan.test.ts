import { expect, test } from "vitest";
import { pageData } from "../../src/report/assets.ts";
import {
  frameName,
  frameOfIndex,
  framesNear,
  lineOf,
  loadScan,
  placePixel,
  spread,
} from "../../src/viewer/page-scan.ts";
import { syntheticAssets, syntheticReport, syntheticScan } from "../report/synthetic-report.ts";

/** Poses are kept as 32-bit floats, rows in 16 bits. */
const PACKING_MM = 0.01;

const scan = await loadScan(pageData(syntheticReport(), { ...syntheticAssets(), scan: syntheticScan() }).scan!);

test("poses and bone lines come out of the page as they went in", () => {
  const { frames, columns } = syntheticScan().track;
  expect(scan.count).toBe(frames.length);
  const { pose, rows } = frames[9]!;
  placePixel(scan, 9, 3, 7).forEach((mm, axis) => {
    expect(mm).toBeCloseTo(3 * pose[axis]! + 7 * pose[3 + axis]! + pose[6 + axis]!, 4);
  });
  const line = lineOf(scan, 9);
  expect(line.length).toBe(3 * columns.length);
  columns.forEach((u, i) => {
    if (rows[i] === null) expect(line[3 * i]).toBeNaN();
    else expect(Math.abs(line[3 * i + 1]! - (48 - 0.3 * rows[i]!))).toBeLessThan(PACKING_MM);
    if (rows[i] !== null) expect(line[3 * i]).toBeCloseTo(u * 0.25 - 25, 4);
  });
});

test("the frames that made a point are those whose bone line passes near it, in the order of time", () => {
  const step = 50 / 39;
  const point = [0, Math.sqrt(30 ** 2 - (-25 + 20 * step) ** 2), -25 + 20 * step] as const;
  // Frame 20 lies in the point, its neighbours 1.28 mm beside it; the arc's points lie 2.5 mm apart.
  const near = framesNear(scan, point, 1.6);
  const brute = syntheticScan().track.frames.flatMap(({ rows, pose }, frame) => {
    const hits = rows.some((row, i) => {
      if (row === null) return false;
      const u = syntheticScan().track.columns[i]!;
      return Math.hypot(u * 0.25 - 25 - point[0], 48 - 0.3 * row - point[1], pose[8]! - point[2]) <= 1.6;
    });
    return hits ? [frame] : [];
  });
  expect(near).toEqual(brute);
  expect(near).toContain(20);
  expect(framesNear(scan, [200, 0, 0], 1.6)).toEqual([]);
});

test("a frame is named by its number in the recording, its time and its stroke", () => {
  expect(frameName(scan, 1)).toBe("frame 20, 0.1 s, anterior <b>sweep</b>");
  expect(frameName(scan, 39)).toBe("frame 324, 3.9 s");
  expect(frameOfIndex(scan, 20)).toBe(1);
  expect(frameOfIndex(scan, 21)).toBe(-1);
});

test("a long list is thinned evenly, its ends kept", () => {
  expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8]);
});
