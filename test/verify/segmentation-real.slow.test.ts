import { expect, test } from "vitest";
import type { BoneMask } from "../../src/data/bone-mask.ts";
import { methods } from "../../src/verify/segmentation-frames.ts";
import { drawnLines, drawnRow, findInVivo, scoreDrawn } from "../../src/verify/segmentation-real.ts";
import { dataFolder } from "../support/data.ts";

const MEDIAN_MM = 0.5;
const P90_MM = 1;

/** The drawn lines themselves as if they had been found, moved down by so many rows. */
function masksAt(lines: NonNullable<Awaited<ReturnType<typeof drawnLines>>>, rows: number): BoneMask[] {
  const WIDTH = 820;
  return lines.map((line) => {
    const ridgeRowPx = Float32Array.from({ length: WIDTH }, (_, u) => drawnRow(line, u) + rows);
    const none = new Float32Array(WIDTH);
    return {
      width: WIDTH,
      height: 616,
      probability: new Uint8Array(),
      ridgeRowPx,
      ridgeConfidence: none,
      ridgeSdPx: none,
    };
  });
}

test("the drawn lines are there for all 21 frames, left to right, and score nothing against themselves", async () => {
  const lines = (await drawnLines())!;
  expect(lines.map(({ frame }) => frame)).toEqual([...Array(21).keys()]);
  for (const { points } of lines) {
    expect(points.length).toBeGreaterThan(25);
    for (let i = 1; i < points.length; i++) expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0]);
  }
  expect(scoreDrawn(lines, masksAt(lines, 0))).toMatchObject({ missedShare: 0, frames: 21 });
  expect(scoreDrawn(lines, masksAt(lines, 0)).medianMm).toBeLessThan(1e-4);
});

test("a line a millimetre too deep is refused by the figures", async () => {
  const lines = (await drawnLines())!;
  const { medianMm, biasMm } = scoreDrawn(lines, masksAt(lines, 2 * (MEDIAN_MM / 0.0854)));
  expect(medianMm).toBeGreaterThan(MEDIAN_MM);
  expect(biasMm).toBeCloseTo(1, 3);
});

test.skipIf(!dataFolder)(
  "in vivo the network's ridge lies within 0.5 mm (median) and 1 mm (90 %) of the drawn one (needs the recordings)",
  async () => {
    const { medianMm, p90Mm, missedShare } = scoreDrawn(
      (await drawnLines())!,
      await findInVivo(dataFolder!, methods.network),
    );
    expect(medianMm).toBeLessThanOrEqual(MEDIAN_MM);
    expect(p90Mm).toBeLessThanOrEqual(P90_MM);
    expect(missedShare).toBeLessThanOrEqual(0.1);
  },
);
