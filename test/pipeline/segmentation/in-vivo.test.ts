import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { detectBone } from "../../../src/pipeline/segmentation/detect-bone.ts";
import { detectorDefaults } from "../../../src/pipeline/segmentation/detector-options.ts";
import { dataFolder } from "../../support/data.ts";

const WIDTH = 820, HEIGHT = 616, FRAMES = 21; // prettier-ignore
const PIXEL_MM = 0.0854;
/** The apex that was drawn by hand on frame 10, and how far from it the topmost ridge point may lie. */
const APEX = { column: 325, row: 263 } as const;
const APEX_MM = 0.4;

/** The pixels alone: a text header, then one zlib stream. */
function frames(folder: string): Uint8Array[] {
  const file = readFileSync(join(folder, "plus", "BoneUltrasound_L14.igs.mha"));
  const begin = file.indexOf("\n", file.indexOf("ElementDataFile = LOCAL")) + 1;
  const pixels = inflateSync(file.subarray(begin));
  return Array.from({ length: FRAMES }, (_, i) => pixels.subarray(i * WIDTH * HEIGHT, (i + 1) * WIDTH * HEIGHT));
}

const detect = (pixels: Uint8Array) =>
  detectBone({ width: WIDTH, height: HEIGHT, pixels }, [PIXEL_MM, PIXEL_MM], detectorDefaults);

test.skipIf(!dataFolder)(
  "the cortex is found in every in-vivo frame, over most of its width (needs the recordings)",
  () => {
    for (const pixels of frames(dataFolder!)) {
      const { ridgeRowPx } = detect(pixels);
      const found = ridgeRowPx.subarray(190, 500).filter((row) => !Number.isNaN(row));
      expect(found.length).toBeGreaterThan(0.95 * 310);
      // Fascia lies above row 230 in every frame, bone below row 255.
      expect(Math.min(...found)).toBeGreaterThan(255);
    }
  },
);

test.skipIf(!dataFolder)(
  "in frame 10 the domed cortex is followed over columns 180 to 535 (needs the recordings)",
  () => {
    const { ridgeRowPx } = detect(frames(dataFolder!)[10]!);
    let column = -1;
    for (let u = 180; u <= 535; u++) {
      const row = ridgeRowPx[u]!;
      expect(Number.isNaN(row)).toBe(false);
      if (column < 0 || row < ridgeRowPx[column]!) column = u;
    }
    const offMm = PIXEL_MM * Math.hypot(column - APEX.column, ridgeRowPx[column]! - APEX.row);
    expect(offMm).toBeLessThan(APEX_MM);
    // Convex: down from the apex on both sides, by the heights that the picture shows.
    expect(Math.abs(ridgeRowPx[180]! - 372)).toBeLessThan(10);
    expect(Math.abs(ridgeRowPx[480]! - 316)).toBeLessThan(10);
    expect(Math.abs(ridgeRowPx[520]! - 374)).toBeLessThan(10);
  },
);
