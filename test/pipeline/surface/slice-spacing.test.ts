import { expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { connectedComponents } from "../../../src/geometry/mesh.ts";
import { extractSurface } from "../../../src/pipeline/surface/extract.ts";
import { sliceSpacingMm } from "../../../src/pipeline/surface/ridge-points.ts";
import { perfectScan, sphereSlices } from "../../../src/verify/surface-scans.ts";

const context = { rng: createRng("slices"), log: silentLog, workers: undefined as never };
/** Slices 1.5 mm apart, of which every sixth is missing: the hand hurried there. */
const hurried = perfectScan(sphereSlices(20, 1.5).filter((_, i) => i % 6 !== 3));

test("the spacing of the slices is what nine of ten keep, not what most do", () => {
  expect(sliceSpacingMm(perfectScan(sphereSlices(20, 1.5)).frames)).toBeCloseTo(1.5, 9);
  expect(sliceSpacingMm(hurried.frames)).toBeCloseTo(3, 9);
});

test("where the hand hurried the sheet stays in one piece, which widths for the usual spacing do not give", async () => {
  const pieces = async (maxFillMm: number): Promise<number> => {
    const options = { ...extractSurface.defaults, spacingMm: 0.75, maxFillMm, minIslandMm2: 0 };
    return connectedComponents((await extractSurface.run(hurried, options, context)).mesh).count;
  };
  expect(await pieces(extractSurface.defaults.maxFillMm)).toBe(1);
  expect(await pieces(extractSurface.defaults.fillMm)).toBeGreaterThan(1);
});
